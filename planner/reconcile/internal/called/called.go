// Package called tells which objects a name given with --target or --exclude means.
package called

import (
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/near"
)

// IsAddress reports whether name has the form of a plan address, user.staff["jdoe@contoso.com"].
func IsAddress(name string) bool { return strings.HasSuffix(name, "\"]") }

// IsPattern reports whether a target has the form of a plan address, or of a scope's or a kind's part of the plan.
func IsPattern(target string) bool {
	kind, rest, dotted := strings.Cut(target, ".")
	switch {
	case IsAddress(target):
		return true
	case strings.ContainsAny(target, "@=[ "):
		return false
	case !dotted:
		return target == string(state.UPNSuffix) || target == string(state.DirectorySync)
	}
	d := state.Kind(kind).Descriptor()
	return rest != "" && d != nil && !d.Declared
}

// IsShort reports whether a name is none of the forms that an index knows, such as a logon or display name.
func IsShort(name string) bool {
	_, guid := state.ParseGUID(name)
	return !guid && !strings.ContainsAny(name, "@=[*")
}

// Has reports whether one of an object's names is name, or what stands before the @ of one.
func Has(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		local, _, _ := strings.Cut(n, "@")
		return strings.EqualFold(n, name) || strings.EqualFold(local, name)
	})
}

// Meant are what those who gave names that nothing has perhaps meant: addresses, parts of the plan, or names of objects.
func Meant(missed []string, addresses iter.Seq2[string, error], objects iter.Seq2[Known, error]) (meant []string, err error) {
	for _, name := range missed {
		n := near.NewNearest(name)
		for address, err := range addresses {
			if err != nil {
				return nil, err
			}
			part, _, _ := strings.Cut(address, "[")
			n.Look(address)
			n.Look(part)
		}
		if !IsAddress(name) {
			for o, err := range objects {
				if err != nil {
					return nil, err
				}
				for _, known := range append(o.Names, o.Object.DN) {
					n.Look(known)
				}
			}
		}
		if n.Best != "" {
			meant = append(meant, n.Best)
		}
	}
	return meant, nil
}
