package phrase

import (
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// Object names an object of a finding: `user.staff["…"] (CN=…)` or `group "Info" (id)`.
func Object(o planner.ObjectRef) string {
	var name string
	switch {
	case o.Address != "":
		name = o.Address
	case o.Name != "" && o.Kind != "":
		name = string(o.Kind) + ` "` + o.Name + `"`
	case o.Name != "":
		name = `"` + o.Name + `"`
	default:
		name = string(o.Kind)
	}
	var more []string
	for _, s := range []string{o.SourceDN, o.TargetID} {
		if s != "" {
			more = append(more, s)
		}
	}
	if len(more) == 0 && o.Address == "" && o.Anchor != "" {
		more = append(more, "anchor "+o.Anchor)
	}
	in := strings.Join(more, "; ")
	switch {
	case name == "":
		return Plain(in)
	case in == "":
		return Plain(name)
	}
	return Plain(name + " (" + in + ")")
}

// Names are the first of n objects on one line.
func Names(addresses []string, n int) string {
	var list []string
	for _, a := range addresses {
		list = append(list, Plain(view.Key(a)))
	}
	if more := n - len(list); more > 0 {
		list = append(list, "… and "+strconv.Itoa(more)+" more")
	}
	return strings.Join(list, ", ")
}

// SignsIn reports whether people sign in with objects of a kind; "" is the kind that plans are about when nothing is
// said.
func SignsIn(kind state.Kind) bool { return kind == "" || state.Describe(nil)(kind).SignIn != "" }

// Who is whom something is about, as people know them.
func Who(w view.Who) string {
	short := w.Short
	if !SignsIn(w.Kind) {
		short = state.Describe(nil)(w.Kind).Noun + " " + short
	}
	parts := []string{Plain(short)}
	for _, s := range []string{w.Display, w.Place} {
		if s != "" {
			parts = append(parts, Plain(s))
		}
	}
	return strings.Join(parts, " · ")
}

// In names a scope.
func In(scope string) string {
	if scope == "" {
		return ""
	}
	return " of scope " + Plain(scope)
}

// Ref names an object of a finding as people know it.
func Ref(o planner.ObjectRef) string {
	w := view.WhoIsRef(o)
	switch {
	case w.Short == "":
		return Object(o)
	case o.Address == "" && o.SourceDN == "":
		noun := "account"
		if !SignsIn(o.Kind) {
			noun = string(o.Kind)
		}
		return Plain(noun + ` "` + w.Short + `"`)
	}
	return Who(w)
}

// Count is n things of a name.
func Count(n int, noun string) string { return visible.Count(n, noun) }
