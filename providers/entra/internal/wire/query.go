package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// field is a place in an object's JSON: a leaf holds the value of one attribute, a branch has members.
type field struct {
	name   string
	leaf   int // index into the shape, or -1
	known  map[string]*field
	leaves []int // all leaves below: they are cleared when the branch is met

	// order lists the members as they came in the objects before; they come in the same order in all objects of a page, so
	// the member expected next is compared before it is looked up. Unknown members stand there too, with leaf -1 and no members.
	order []*field
	after map[*field]int
}

func newField(name string) *field {
	return &field{name: name, leaf: -1, known: map[string]*field{}, after: map[*field]int{}}
}

// Query is what a shape means to the service: which properties to ask for, and where their values stand in the reply.
type Query struct {
	Kind   state.Kind
	shape  *state.Shape
	root   *field
	Params string // $select and $expand, without leading ? or &
}

// NewQuery translates shape. It fails on attributes that the tenant's objects of this kind don't have.
func NewQuery(kind state.Kind, shape *state.Shape, deleted bool) (*Query, error) {
	schema := providers.TenantSchema(kind)
	if schema == nil || Collection(kind) == "" {
		return nil, fmt.Errorf("a tenant has no objects of the kind %q", kind)
	}
	q := &Query{Kind: kind, shape: shape, root: newField("")}
	selected, expand := []string{"id"}, ""
	for i, name := range shape.Names() {
		a := schema.Lookup(name)
		switch {
		case a == nil:
			return nil, fmt.Errorf("a %s in the tenant has no attribute %q", kind, name)
		case name == providers.CloudManaged:
			return nil, fmt.Errorf("%s is only written; %s is what tells who masters a %s", name, providers.SyncEnabled, kind)
		case a.Hidden: // never comes back from the service
		case a.Type == state.TypeReference:
			q.root.add([]string{a.Name, "id"}, i)
			if !deleted { // an object in the recycle bin has no references
				expand += "&$expand=" + a.Name + "($select=id)"
			}
		default:
			path := a.Path
			if len(path) == 0 {
				path = []string{a.Name}
			}
			q.root.add(path, i)
			if !slices.Contains(selected, path[0]) {
				selected = append(selected, path[0])
			}
		}
	}
	q.Params = "$select=" + strings.Join(selected, ",") + expand
	return q, nil
}

func (f *field) add(path []string, leaf int) {
	for _, name := range path {
		f.leaves = append(f.leaves, leaf)
		child := f.known[name]
		if child == nil {
			child = newField(name)
			f.known[name] = child
		}
		f = child
	}
	f.leaf = leaf
}

// object is a fresh object for the query's stream.
func (q *Query) object() *state.Object {
	return &state.Object{Kind: q.Kind, Shape: q.shape, Values: make([]state.Value, q.shape.Len())}
}

// Collection is the first segment of a kind's addresses, "" for a kind that the tenant does not have.
func Collection(kind state.Kind) string {
	switch kind {
	case state.User:
		return "/users"
	case state.Group:
		return "/groups"
	case state.Contact:
		return "/contacts"
	case state.DirectorySync:
		return "/organization"
	}
	return ""
}

// Path is the collection that a query reads.
func (q *Query) Path(deleted bool) (string, error) {
	if !deleted {
		return Collection(q.Kind), nil
	}
	switch q.Kind {
	case state.User, state.Group:
		return "/directory/deletedItems/microsoft.graph." + string(q.Kind), nil
	}
	return "", fmt.Errorf("the recycle bin of a tenant holds no %ss", q.Kind)
}
