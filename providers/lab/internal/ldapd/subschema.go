package ldapd

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// The schema as clients look at it: an object for each attribute and class below CN=Schema (MS-ADTS 3.1.1.2), and all
// of them in one object, CN=Aggregate, in the form of RFC 4512 (MS-ADTS 3.1.1.3.1.1.1).

// identified reads a table of object identifiers, by lower-case name.
func identified(table string) map[string][]string {
	ids := map[string][]string{}
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 1 {
			ids[lower(f[0])] = f[1:]
		}
	}
	return ids
}

var knownAttributes, knownClasses = identified(attributeIDs), identified(classIDs)

// mintOID makes an identifier from a name, below the arc under which Microsoft's script makes them from GUIDs.
func mintOID(name string) string {
	g := mintGUID("object identifier", lower(name))
	oid := "1.2.840.113556.1.8000.2554"
	for i := 0; i < 16; i += 2 {
		oid += fmt.Sprintf(".%d", binary.BigEndian.Uint16(g[i:]))
	}
	return oid
}

// identify fills in what the schema shows of an attribute.
func (a *attribute) identify() {
	a.shown, a.om = a.syntax.number()
	known := knownAttributes[a.low]
	switch {
	case known == nil:
		a.oid = mintOID(a.name)
	default:
		a.oid = known[0]
		if len(known) > 2 {
			a.shown, a.om = known[1], known[2]
		}
	}
}

// ldapSyntax is the LDAP syntax of each attributeSyntax (MS-ADTS 3.1.1.2.2.2).
var ldapSyntax = map[string]string{
	"2.5.5.1": "1.3.6.1.4.1.1466.115.121.1.12", "2.5.5.2": "1.3.6.1.4.1.1466.115.121.1.38",
	"2.5.5.4": "1.2.840.113556.1.4.905", "2.5.5.5": "1.3.6.1.4.1.1466.115.121.1.26",
	"2.5.5.6": "1.3.6.1.4.1.1466.115.121.1.36", "2.5.5.7": "1.2.840.113556.1.4.903",
	"2.5.5.8": "1.3.6.1.4.1.1466.115.121.1.7", "2.5.5.9": "1.3.6.1.4.1.1466.115.121.1.27",
	"2.5.5.10": "1.3.6.1.4.1.1466.115.121.1.40", "2.5.5.11": "1.3.6.1.4.1.1466.115.121.1.24",
	"2.5.5.12": "1.3.6.1.4.1.1466.115.121.1.15", "2.5.5.15": "1.2.840.113556.1.4.907",
	"2.5.5.16": "1.2.840.113556.1.4.906", "2.5.5.17": "1.3.6.1.4.1.1466.115.121.1.40",
}

// definition is an attribute as CN=Aggregate has it; Windows puts the syntax into quotes, against RFC 4512.
func (a *attribute) definition() string {
	s := "( " + a.oid + " NAME '" + a.name + "' SYNTAX '" + ldapSyntax[a.shown] + "'"
	if a.single {
		s += " SINGLE-VALUE"
	}
	if a.system {
		s += " NO-USER-MODIFICATION"
	}
	return s + " )"
}

// classDefinitions are all classes as CN=Aggregate has them. The lab lets every object have every attribute, so top may
// have them all.
func (s *schema) classDefinitions() (list []string) {
	var may []string
	for _, a := range s.attrs[1:] {
		may = append(may, a.name)
	}
	done := map[string]bool{}
	for _, c := range s.classes {
		for i, name := range c.chain {
			if done[lower(name)] {
				continue
			}
			done[lower(name)] = true
			oid, kind, above := classIdentity(name), classKind(name), ""
			if i > 0 {
				above = " SUP " + c.chain[i-1]
			}
			definition := "( " + oid + " NAME '" + name + "'" + above + " " + kind.word
			if i == 0 {
				definition += " MUST ( objectClass ) MAY ( " + strings.Join(may, " $ ") + " )"
			}
			list = append(list, definition+" )")
		}
	}
	return list
}

func classIdentity(name string) string {
	if known := knownClasses[lower(name)]; known != nil {
		return known[0]
	}
	return mintOID("class " + name)
}

// kindOfClass is an objectClassCategory, and the word of RFC 4512 for it.
type kindOfClass struct{ number, word string }

// classKind is structural for a class that no table knows.
func classKind(name string) kindOfClass {
	if known := knownClasses[lower(name)]; known != nil && known[1] == "2" {
		return kindOfClass{"2", "ABSTRACT"}
	} else if known != nil && known[1] == "3" {
		return kindOfClass{"3", "AUXILIARY"}
	}
	return kindOfClass{"1", "STRUCTURAL"}
}

// describeSchema lists attributes and classes below CN=Schema for clients that look there.
func (d *Directory) describeSchema() {
	for _, a := range d.schema.attrs[1:] {
		d.describe(a)
	}
	for _, c := range d.schema.classes {
		d.describeClass(c)
	}
	d.builtIn(d.schemaNC, "CN=Aggregate", "subSchema", 0)
}

// describe lists an attribute below CN=Schema.
func (d *Directory) describe(a *attribute) {
	e := d.builtIn(d.schemaNC, "CN="+capital(a.name), "attributeSchema", 0)
	id := schemaID(a)
	d.storeAll(e, [][2]string{{"schemaIDGUID", string(id[:])}, {"lDAPDisplayName", a.name},
		{"isSingleValued", strings.ToUpper(fmt.Sprint(a.single))}, {"attributeSyntax", a.shown}, {"oMSyntax", a.om},
		{"attributeID", a.oid}})
}

// describeClass lists a class below CN=Schema: under the name that objectCategory has, if it is the first of that
// category.
func (d *Directory) describeClass(c class) {
	last := len(c.chain) - 1
	name := c.chain[last]
	own := rdn("CN=" + c.category)
	if d.child(d.schemaNC, own) != nil {
		own = "CN=" + capital(name)
	}
	e := d.builtIn(d.schemaNC, own, "classSchema", 0)
	id := mintGUID("schemaIDGUID", "class "+lower(name))
	d.storeAll(e, [][2]string{{"schemaIDGUID", string(id[:])}, {"lDAPDisplayName", name},
		{"governsID", classIdentity(name)}, {"subClassOf", c.chain[max(0, last-1)]}, {"objectClassCategory", classKind(name).number}})
}

func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// storeAll sets the values of an entry that has none.
func (d *Directory) storeAll(e *entry, pairs [][2]string) {
	var b []byte
	for _, v := range pairs {
		b = appendAttribute(b, d.attr(v[0]), []string{v[1]})
	}
	e.blob = blob(b)
}
