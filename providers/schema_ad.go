package providers

import (
	"fmt"
	"sync"

	"github.com/dirform/dirform/state"
)

// ADSchema is the schema of a kind of object in Active Directory (Windows Server 2016 with Exchange's extension). It is open:
// every forest may have attributes of its own, which are strings and lists if they have several values. It is nil for kinds
// that Active Directory doesn't have.
func ADSchema(kind state.Kind) *state.Schema { return adSchemas()[kind] }

var adSchemas = sync.OnceValue(func() map[state.Kind]*state.Schema {
	schemas := map[state.Kind]*state.Schema{}
	for kind, in := range map[state.Kind]adKinds{state.User: adUser, state.Group: adGroup, state.Contact: adContact} {
		schemas[kind] = state.NewSchema("ad", kind, true, adAttributes(in))
	}
	return schemas
})

// adKinds is a set of kinds of objects.
type adKinds uint8

const (
	adUser adKinds = 1 << iota
	adGroup
	adContact

	adPerson = adUser | adContact
	adSAM    = adUser | adGroup // security principals
	adAll    = adUser | adGroup | adContact
)

// adFlags are the properties of a row of the table that are not a type.
type adFlags uint8

const (
	adMulti adFlags = 1 << iota
	adReadOnly
	adFold   // compared regardless of case, as addresses and account names are
	adProxy  // proxyAddresses
	adAlways // every object has a value (MS-ADTS 3.1.1.3, MS-SAMR 3.1.1.8: mandatory, or set by the server)
)

// adRow is one attribute in the kinds that have it.
type adRow struct {
	in    adKinds
	name  string // lDAPDisplayName
	typ   state.AttrType
	flags adFlags
	doc   string
}

func (r adRow) attribute() state.Attribute {
	a := state.Attribute{
		Name: r.name, Type: r.typ, Doc: r.doc,
		Multi:    r.flags&adMulti != 0,
		ReadOnly: r.flags&adReadOnly != 0,
		Always:   r.flags&adAlways != 0,
	}
	switch {
	case r.flags&adProxy != 0:
		a.Equality = state.EqualProxy
	case r.flags&adFold != 0 || r.typ == state.TypeReference:
		a.Equality = state.EqualFold
	}
	return a
}

func adAttributes(in adKinds) []state.Attribute {
	var list []state.Attribute
	for _, table := range [][]adRow{adIdentityRows, adPersonRows, adAccountRows, adGroupRows, adMailRows, adNumberedRows()} {
		for _, r := range table {
			if r.in&in != 0 {
				list = append(list, r.attribute())
			}
		}
	}
	return list
}

// adNumberedRows are the attributes that come by the dozen.
func adNumberedRows() []adRow {
	var rows []adRow
	for i := 1; i <= 15; i++ {
		rows = append(rows, adRow{adAll, fmt.Sprint("extensionAttribute", i), state.TypeString, 0, "free text (Exchange's schema extension)"})
	}
	for i := 1; i <= 20; i++ {
		rows = append(rows, adRow{adAll, fmt.Sprint("msDS-cloudExtensionAttribute", i), state.TypeString, 0, "free text (Windows Server 2012 and later)"})
	}
	for i := 1; i <= 5; i++ {
		rows = append(rows, adRow{adAll, fmt.Sprint("msExchExtensionCustomAttribute", i), state.TypeString, adMulti, "free texts (Exchange's schema extension)"})
	}
	return rows
}
