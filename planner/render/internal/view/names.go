package view

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// Who is what people know an object by.
type Who struct {
	Kind    state.Kind // "" stands for a user
	Short   string     // the key of its address: a user name
	Display string     // "" if it is not known, or the same
	Place   string     // the containers it lies in, outermost first, without its domain: Staff/Office 365
}

// WhoIs is whom a change is about.
func WhoIs(c *state.Change) Who {
	w := Who{Kind: c.Kind, Short: Key(c.Address)}
	w.place(c.SourceDN)
	display := state.Describe(nil)(c.Kind).Display
	for _, a := range c.Attributes {
		if a.Name == display && a.After.Kind() == state.StringValue && display != "" {
			w.Display = a.After.Str()
		}
	}
	return w.short()
}

// WhoIsRef is who an object of a finding is. All of it is empty for one that is known by an id or an anchor alone.
func WhoIsRef(o planner.ObjectRef) Who {
	w := Who{Kind: o.Kind, Short: Key(o.Address), Display: o.Name}
	if w.Short == "" {
		w.Short, w.Display = o.Name, ""
	}
	w.place(o.SourceDN)
	if w.Short == "" {
		w.Short = w.Display
	}
	return w.short()
}

// place takes what a distinguished name says.
func (w *Who) place(name string) {
	if name == "" {
		return
	}
	if w.Display == "" {
		w.Display = dn.FirstValue(name)
	}
	w.Place = Path(dn.Parent(name))
	if dn.Conflict(name) { // else nothing tells it from the one whose names it has
		w.Place += " (copy that replication renamed)"
	}
}

// short leaves out what has been said.
func (w Who) short() Who {
	if w.Display == w.Short {
		w.Display = ""
	}
	return w
}

// Path is a container as people read it: the names of the containers it lies in, outermost first and its own last,
// without those of the domain.
func Path(name string) string {
	var parts []string
	for rest := name; rest != ""; {
		first, parent, err := dn.Split(rest)
		if err != nil {
			return name
		}
		if len(first) < 3 || !strings.EqualFold(first[:3], "DC=") {
			parts = append(parts, dn.FirstValue(first))
		}
		rest = parent
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// Key is what an address ends with in brackets and quotes; an address without them is its own. It is for eyes only.
func Key(address string) string {
	_, key, ok := strings.Cut(address, `["`)
	if !ok || !strings.HasSuffix(key, `"]`) {
		return address
	}
	return key[:len(key)-2]
}
