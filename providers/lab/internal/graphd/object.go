package graphd

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// kind is what sort of thing an object is.
type kind uint8

const (
	userKind kind = iota
	groupKind
	contactKind
	plainKind // organization, domains, roles, licences: listed, but without rules of their own
)

// collection is the kind's path segment, which is also its name in seeds and journals.
func (k kind) collection() string { return [...]string{"users", "groups", "contacts", ""}[k] }

// resource is the kind's name in error messages.
func (k kind) resource() string { return [...]string{"User", "Group", "Contact", "Resource"}[k] }

// typeName is the kind's name in the service's metadata.
func (k kind) typeName() string {
	return "microsoft.graph." + [...]string{"user", "group", "orgContact", "directoryObject"}[k]
}

// odataType is the kind's @odata.type.
func (k kind) odataType() string {
	return [...]string{"#microsoft.graph.user", "#microsoft.graph.group", "#microsoft.graph.orgContact", ""}[k]
}

// object is a directory object. It is kept small: a tenant may hold a million of them.
type object struct {
	id      guid
	rec     record
	seq     uint64 // position in listings, kept for life, so that a page link stays valid while others come and go
	manager *object
	ext     *extra
	kind    kind
	deleted bool // in the recycle bin
}

// extra is what few objects have.
type extra struct {
	members      []*object // groups
	owners       []*object // groups
	cloudManaged bool      // onPremisesSyncBehavior.isCloudManaged
}

func (o *object) cloudManaged() bool { return o.ext != nil && o.ext.cloudManaged }

func (o *object) members() []*object {
	if o.ext == nil {
		return nil
	}
	return o.ext.members
}

// withExt makes room for the rare fields without changing the old value, which other goroutines may still read.
func (o *object) withExt(change func(*extra)) *extra {
	var e extra
	if o.ext != nil {
		e = *o.ext
	}
	change(&e)
	return &e
}

// record holds an object's properties: property number, length and raw JSON value, ordered by number. Null is not stored.
type record string

// field is one property of a record being built.
type field struct {
	prop int
	raw  string // raw JSON; "" or null means none
}

// makeRecord encodes fields; of two with the same number the later one wins.
func makeRecord(fields []field) record {
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.prop, b.prop) })
	n := 0
	for _, f := range fields {
		n += len(f.raw) + 4
	}
	b := make([]byte, 0, n)
	for i, f := range fields {
		if f.raw == "" || f.raw == "null" || i+1 < len(fields) && fields[i+1].prop == f.prop {
			continue
		}
		b = binary.AppendUvarint(b, uint64(f.prop))
		b = binary.AppendUvarint(b, uint64(len(f.raw)))
		b = append(b, f.raw...)
	}
	return record(b)
}

// next splits off the first property.
func (r record) next() (prop int, raw string, rest record) {
	prop, r = r.uvarint()
	n, r := r.uvarint()
	return prop, string(r[:n]), r[n:]
}

func (r record) uvarint() (int, record) {
	if r[0] < 0x80 {
		return int(r[0]), r[1:]
	}
	v, s := 0, 0
	for i := 0; ; i++ {
		v |= int(r[i]&0x7f) << s
		if r[i] < 0x80 {
			return v, r[i+1:]
		}
		s += 7
	}
}

// get is a property's raw JSON, "" if the record has none.
func (r record) get(prop int) string {
	for r != "" {
		var p int
		var raw string
		p, raw, r = r.next()
		if p >= prop {
			if p == prop {
				return raw
			}
			break
		}
	}
	return ""
}

// fields lists the properties for changing them.
func (r record) fields() []field {
	var out []field
	for r != "" {
		var f field
		f.prop, f.raw, r = r.next()
		out = append(out, f)
	}
	return out
}

// with is the record with some properties replaced; null or "" removes one.
func (r record) with(changes ...field) record {
	return makeRecord(append(r.fields(), changes...))
}
