package graphd

import (
	"cmp"
	"slices"
	"strings"
)

// order is a compiled $orderby.
type order struct {
	prop int
	desc bool
}

// sortable are the properties to sort by: by default, and with the advanced query parameters only (concepts, advanced queries).
var sortable = [plainKind]struct{ plain, advanced map[string]bool }{
	userKind:    {names("displayName userPrincipalName"), names("createdDateTime deletedDateTime")},
	groupKind:   {names("displayName"), names("deletedDateTime")},
	contactKind: {nil, names("displayName createdDateTime")},
}

// parseOrder reads $orderby. needs says that it takes the advanced query parameters.
func (t *Tenant) parseOrder(v string, k kind) (o *order, needs bool, e *Error) {
	name, direction, _ := strings.Cut(strings.TrimSpace(v), " ")
	if k == plainKind {
		return nil, false, sortingUnsupported()
	}
	p, e := t.reg.lookup(name, k)
	if e != nil {
		return nil, false, e
	}
	o = &order{prop: p}
	switch strings.ToLower(strings.TrimSpace(direction)) {
	case "", "asc":
	case "desc":
		o.desc = true
	default:
		return nil, false, parsingError("Syntax error at position %d in '%s'.", len(name)+1, v)
	}
	name = t.reg.props[p].name
	if !sortable[k].plain[name] && !sortable[k].advanced[name] {
		return nil, false, unsortable(k, name)
	}
	return o, !sortable[k].plain[name], nil
}

func sortingUnsupported() *Error { return unsupportedQuery("Sorting not supported for current query.") }

func unsortable(k kind, property string) *Error {
	return unsupportedQuery("Unsupported sort property '%s' for '%s'.", property, k.resource())
}

// sorted are the objects in order, those with equal values by age.
func (o *order) sorted(list []*object) []*object {
	type row struct {
		key string
		o   *object
	}
	rows := make([]row, len(list))
	for i, x := range list {
		rows[i] = row{strings.ToLower(text(x.rec.get(o.prop))), x}
	}
	slices.SortFunc(rows, func(a, b row) int {
		c := cmp.Compare(a.key, b.key)
		if o.desc {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.o.seq, b.o.seq))
	})
	out := make([]*object, len(rows))
	for i, r := range rows {
		out[i] = r.o
	}
	return out
}
