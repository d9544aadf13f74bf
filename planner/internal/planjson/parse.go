package planjson

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Parse reads the JSON object of a change, as Append writes it in the Full form or any JSON tool may have reformatted it.
// Members it does not know are passed over. The strings of the result share memory with text.
func Parse(text string) (*state.Change, error) {
	p := newParser(text)
	c := &state.Change{}
	err := p.object(func(name string) error { return p.member(c, name) })
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// ParseRecord reads the JSON object of a record, as Parse does a change's.
func ParseRecord(text string) (*planner.Record, error) {
	p := newParser(text)
	r := &planner.Record{}
	err := p.object(func(name string) (err error) {
		switch name {
		case "anchor":
			r.Anchor, err = p.string()
		case "scope":
			r.Scope, err = p.string()
		case "source_guid":
			r.SourceGUID, err = p.string()
		case "left":
			r.Left, err = p.bool()
		case "fingerprints":
			r.Fingerprints, err = p.fingerprints()
		default:
			err = p.skip(0)
		}
		return err
	})
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (p *parser) member(c *state.Change, name string) (err error) {
	switch name {
	case "address":
		c.Address, err = p.string()
	case "kind":
		err = word(p, &c.Kind)
	case "action":
		err = word(p, &c.Action)
	case "scope":
		c.Scope, err = p.string()
	case "anchor":
		c.Anchor, err = p.string()
	case "source_guid":
		c.SourceGUID, err = p.string()
	case "source_dn":
		c.SourceDN, err = p.string()
	case "target_id":
		c.TargetID, err = p.string()
	case "match":
		c.Match, err = p.match()
	case "replaces":
		c.Replaces, err = p.replaced()
	case "reason":
		c.Reason, err = p.string()
	case "declared_at":
		c.DeclaredAt, err = p.string()
	case "reason_code":
		err = word(p, &c.ReasonCode)
	case "cause":
		err = word(p, &c.Cause)
	case "partial":
		c.Partial, err = p.bool()
	case "seen":
		c.Seen, err = p.string()
	case "attributes":
		c.Attributes, err = p.attributes()
	case "source_attributes":
		c.SourceAttributes, err = p.attributes()
	case "members":
		c.Members, err = p.members()
	case "grace_anew":
		c.GraceAnew, err = p.bool()
	case "needs":
		c.Needs, err = p.strings()
	case "fingerprints":
		c.Fingerprints, err = p.fingerprints()
	default:
		err = p.skip(0)
	}
	return err
}

// word reads a string of a named type, such as an action.
func word[T ~string](p *parser, to *T) error {
	s, err := p.string()
	*to = T(s)
	return err
}

func (p *parser) replaced() (*state.Replaced, error) {
	r := &state.Replaced{}
	err := p.object(func(name string) (err error) {
		switch name {
		case "anchor":
			r.Anchor, err = p.string()
		case "scope":
			r.Scope, err = p.string()
		case "source_guid":
			r.SourceGUID, err = p.string()
		default:
			err = p.skip(0)
		}
		return err
	})
	return r, err
}

func (p *parser) members() (*state.SetChange, error) {
	m := &state.SetChange{}
	err := p.object(func(name string) (err error) {
		switch name {
		case "add":
			m.Add, err = p.strings()
		case "remove":
			m.Remove, err = p.strings()
		default:
			err = p.skip(0)
		}
		return err
	})
	return m, err
}

func (p *parser) match() (*state.Match, error) {
	m := &state.Match{}
	err := p.object(func(name string) (err error) {
		switch name {
		case "rule":
			m.Rule, err = p.string()
		case "value":
			m.Value, err = p.string()
		default:
			err = p.skip(0)
		}
		return err
	})
	return m, err
}

func (p *parser) attributes() ([]state.AttributeChange, error) {
	var list []state.AttributeChange
	err := p.array(func() error {
		if list == nil {
			// About as many as there are: an attribute takes some 65 bytes, and its fingerprint, further on, half as many.
			list = make([]state.AttributeChange, 0, 1+(len(p.text)-p.at)/100)
		}
		list = append(list, state.AttributeChange{})
		a := &list[len(list)-1]
		return p.object(func(name string) error { return p.attribute(a, name) })
	})
	return list, err
}

func (p *parser) attribute(a *state.AttributeChange, name string) (err error) {
	switch name {
	case "name":
		a.Name, err = p.string()
	case "before":
		a.Before, err = p.value()
	case "after":
		a.After, err = p.value()
	case "drift":
		a.Drift, err = p.bool()
	case "via":
		a.Via, err = p.value()
	case "before_name":
		a.BeforeName, err = p.string()
	case "after_name":
		a.AfterName, err = p.string()
	case "cause":
		err = word(p, &a.Cause)
	default:
		err = p.skip(0)
	}
	return err
}

func (p *parser) fingerprints() (map[string]string, error) {
	m := make(map[string]string, 24)
	err := p.object(func(name string) (err error) {
		m[name], err = p.string()
		return err
	})
	return m, err
}

// value is an attribute's value.
func (p *parser) value() (state.Value, error) {
	switch c := p.peek(); {
	case c == '"':
		s, err := p.string()
		return state.String(s), err
	case c == 'n':
		return state.Null(), p.literal("null")
	case c == 't' || c == 'f':
		b, err := p.bool()
		return state.Bool(b), err
	case c == '[':
		list, err := p.strings()
		return state.List(list), err
	case c == '-' || c >= '0' && c <= '9':
		n, err := p.int()
		return state.Int(n), err
	}
	return state.Null(), p.errorf("an attribute value is neither null, a string, a boolean, an integer nor a list of strings")
}

func (p *parser) strings() ([]string, error) {
	list := []string{}
	err := p.array(func() error {
		s, err := p.string()
		list = append(list, s)
		return err
	})
	return list, err
}
