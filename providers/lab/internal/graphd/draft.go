package graphd

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// draft is an object as a seed or a journal spells it: references are still names.
type draft struct {
	kind         kind
	id           string
	fields       []field
	manager      string
	members      []string
	owners       []string
	cloudManaged bool
	more         map[string]string // members that are not properties of the object: raw JSON
}

func (d *draft) reset(k kind) { *d = draft{kind: k, fields: d.fields[:0]} }

func (d *draft) get(prop int) string {
	for _, f := range d.fields {
		if f.prop == prop {
			return f.raw
		}
	}
	return ""
}

// once sets a property that JSON text gives; names differ in case only, or the text would not be JSON.
func (d *draft) once(prop int, name, raw string) error {
	if d.get(prop) != "" {
		return fmt.Errorf("%s is given twice, in two spellings; remove one", name)
	}
	d.set(prop, raw)
	return nil
}

func (d *draft) set(prop int, raw string) { d.fields = append(d.fields, field{prop, raw}) }

// text is a string property's value.
func (d *draft) text(prop int) string { return text(d.get(prop)) }

// read decodes one JSON object.
func (d *draft) read(dec *jsontext.Decoder, reg *registry, k kind) error {
	d.reset(k)
	if dec.PeekKind() != '{' {
		if _, err := dec.ReadValue(); err != nil {
			return err
		}
		return fmt.Errorf("an object in Graph's JSON shape is expected here, such as {\"id\":…}")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		spelled := name.String()
		key := spelled
		prop, known := reg.find(key)
		if known && prop != propID {
			key = ""
		}
		v, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if v.Kind() == '{' || v.Kind() == '[' {
			if err := v.Compact(); err != nil {
				return err
			}
		}
		if key == "" {
			if err := checkShape(&reg.props[prop], v); err != nil {
				return err
			}
			if err := d.once(prop, spelled, string(v)); err != nil {
				return err
			}
		} else if err := d.special(key, v, reg); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// special takes a member that is not a known property.
func (d *draft) special(key string, v jsontext.Value, reg *registry) error {
	raw := string(v)
	switch low := strings.ToLower(key); {
	case low == "id":
		if d.id = text(raw); d.id == "" {
			return fmt.Errorf("id must be a non-empty string")
		}
	case low == "manager":
		return d.reference(&d.manager, key, raw)
	case low == "members":
		if d.members = texts(raw); raw != "null" && raw != "[]" && d.members == nil {
			return fmt.Errorf("members must be a list of object ids or user principal names")
		}
	case low == "owners":
		if d.owners = texts(raw); raw != "null" && raw != "[]" && d.owners == nil {
			return fmt.Errorf("owners must be a list of object ids or user principal names")
		}
	case low == "onpremisessyncbehavior":
		d.cloudManaged = strings.Contains(raw, `"isCloudManaged":true`)
	case low == "passwordprofile" || strings.HasPrefix(low, "@odata.") && low != "@odata.type":
	case strings.Contains(low, "@"):
		if d.more == nil {
			d.more = map[string]string{}
		}
		d.more[low] = raw
	default:
		return d.once(reg.intern(key, v), key, raw)
	}
	return nil
}

// reference reads an id or UPN, or an object with an id as $expand writes it.
func (d *draft) reference(to *string, key, raw string) error {
	*to = text(raw)
	if *to != "" || raw == "null" {
		return nil
	}
	if i := strings.Index(raw, `"id":"`); i > 0 && len(raw) > i+42 {
		*to = raw[i+6 : i+42]
		return nil
	}
	return fmt.Errorf("%s must be an object id or a user principal name", key)
}

// onlyStrings says whether a compact JSON array holds nothing else.
func onlyStrings(v jsontext.Value) bool {
	for i := 1; i < len(v)-1; i++ { // i is where an item begins
		if v[i] != '"' {
			return false
		}
		for i++; v[i] != '"'; i++ {
			if v[i] == '\\' {
				i++
			}
		}
		i++ // the comma, or the end
	}
	return true
}

// checkShape refuses a value of another JSON type than the property has. Arrays are compact.
func checkShape(p *prop, v jsontext.Value) error {
	k := v.Kind()
	ok := k == 'n'
	switch p.typ {
	case textProp, timeProp:
		ok = ok || k == '"'
	case boolProp:
		ok = ok || k == 't' || k == 'f'
	case listProp:
		ok = ok || k == '[' && onlyStrings(v)
	case objectsProp:
		ok = ok || k == '['
	case objectProp:
		ok = ok || k == '{'
	case numberProp:
		ok = ok || k == '0'
	}
	if !ok {
		return fmt.Errorf("%s must be %s", p.name, [...]string{"a string", "true or false", "a list of strings", "a date and time such as \"2026-01-31T08:00:00Z\"",
			"an object", "a list of objects", "a number"}[p.typ])
	}
	return nil
}
