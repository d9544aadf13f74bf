// Package order works out which rows have to wait for which others to give up a name, how many changes come before
// each, and how circles among them are opened: swaps of names, and longer rounds.
package order

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
)

// Need says that a row's change has to wait until another row has given up names.
type Need struct {
	Row   int32
	Names pair.Names
}

// Waits are the rows that wait for others.
type Waits struct {
	compare func(a, b int) int
	of      map[int32][]Need
	detour  map[int32]pair.Names // rows that give up these names first, by taking temporary ones
	depth   map[int32]int        // how many changes come before a row's
	hurried map[int32]bool       // rows that come before all that nobody hurries, see [Waits.Hurry]
}

// New makes empty Waits. compare orders rows in a way that does not depend on how they were read.
func New(compare func(a, b int) int) *Waits {
	return &Waits{compare: compare, of: map[int32][]Need{}, detour: map[int32]pair.Names{}, depth: map[int32]int{},
		hurried: map[int32]bool{}}
}

// Add notes that a row has to wait for another one to give up names.
func (w *Waits) Add(row, on int, names pair.Names) {
	list := w.of[int32(row)]
	if i := slices.IndexFunc(list, func(n Need) bool { return n.Row == int32(on) }); i >= 0 {
		list[i].Names |= names
		return
	}
	w.of[int32(row)] = append(list, Need{int32(on), names})
}

// Has reports whether a row waits for another one to give up one of the names.
func (w *Waits) Has(row, on int, names pair.Names) bool {
	return slices.ContainsFunc(w.of[int32(row)], func(n Need) bool { return n.Row == int32(on) && n.Names&names != 0 })
}

// Of is what a row waits for; after [Waits.Sort] in an order that depends on no reading.
func (w *Waits) Of(row int) []Need { return w.of[int32(row)] }

// Drop lets a row wait for nothing any more.
func (w *Waits) Drop(row int32) { delete(w.of, row) }

// Depth is how many changes come before a row's; known is false for rows that wait for nothing and have nobody waiting
// in a circle.
func (w *Waits) Depth(row int) (depth int, known bool) {
	depth, known = w.depth[int32(row)]
	return depth, known
}

// Detour are the names that a row gives up first, in a write of its own, to open a circle.
func (w *Waits) Detour(row int) pair.Names { return w.detour[int32(row)] }

// Sort drops the rows that do not change and returns the others that wait, in order; each row's needs are brought into
// order, too.
func (w *Waits) Sort(changes func(row int32) bool) []int32 {
	compare := func(a, b int32) int { return w.compare(int(a), int(b)) }
	var list []int32
	for row, of := range w.of {
		if !changes(row) {
			delete(w.of, row)
			continue
		}
		slices.SortFunc(of, func(a, b Need) int { return compare(a.Row, b.Row) })
		list = append(list, row)
	}
	slices.SortFunc(list, compare)
	return list
}

// Open finds for every row how many changes come before it. Where rows wait for each other in a circle, the one that is
// least in order gives up its names first, in a write of its own. waiting is what [Waits.Sort] returns.
func (w *Waits) Open(waiting []int32) {
	for _, start := range waiting {
		path := []int32{start}
		for len(path) > 0 {
			row := path[len(path)-1]
			w.depth[row] = onPath
			switch next, circle, deepest := w.next(row); {
			case circle:
				path = w.openCircle(path, next)
			case next >= 0:
				path = append(path, next)
			default:
				w.depth[row] = deepest
				path = path[:len(path)-1]
			}
		}
	}
	for row := range w.detour {
		w.depth[row] = 0 // its first write needs nothing
	}
}

const onPath = -1 // the depth of a row that is being looked at

// next is the row to be looked at before row's depth is known, -1 if there is none; then deepest is the depth. circle
// says that it is being looked at already.
func (w *Waits) next(row int32) (next int32, circle bool, deepest int) {
	next = -1
	for _, on := range w.of[row] {
		d, known := w.depth[on.Row]
		switch {
		case w.detour[on.Row] != 0: // frees its names before anything else
			w.detour[on.Row] |= on.Names
			deepest = max(deepest, 1)
		case len(w.of[on.Row]) == 0:
			deepest = max(deepest, 1)
		case known && d != onPath:
			deepest = max(deepest, d+1)
		case known:
			return on.Row, true, 0
		case next < 0:
			next = on.Row
		}
	}
	return next, false, deepest
}

// openCircle opens the circle that the end of path makes with row first, and returns the path as far as it is still
// valid.
func (w *Waits) openCircle(path []int32, first int32) []int32 {
	at := slices.Index(path, first)
	least := slices.MinFunc(path[at:], func(a, b int32) int { return w.compare(int(a), int(b)) })
	i := slices.Index(path, least)
	before := path[len(path)-1] // who waits for least: the row before it in the circle
	if i > at {
		before = path[i-1]
	}
	for _, on := range w.of[before] {
		if on.Row == least {
			w.detour[least] |= on.Names
		}
	}
	for _, row := range path[at:] { // to be looked at again: their depths depended on the circle
		delete(w.depth, row)
	}
	return path[:at+1]
}

// Hurry notes the rows that wait and are urgent, and whatever these wait for. It comes after [Waits.Open].
func (w *Waits) Hurry(urgent func(row int32) bool) {
	var open []int32
	hurry := func(row int32) {
		if !w.hurried[row] {
			w.hurried[row] = true
			open = append(open, row)
		}
	}
	for row := range w.of {
		if urgent(row) {
			hurry(row)
		}
	}
	for len(open) > 0 {
		row := open[len(open)-1]
		open = open[:len(open)-1]
		for _, on := range w.of[row] {
			hurry(on.Row)
		}
	}
}

// Hurried reports whether [Waits.Hurry] has noted a row.
func (w *Waits) Hurried(row int) bool { return w.hurried[int32(row)] }
