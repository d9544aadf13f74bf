// Package aim knows what --target and --exclude leave in a plan, and what came along because targets need it.
package aim

import (
	"slices"
	"strings"
)

// Aim is what --target and --exclude leave in the plan.
type Aim struct {
	targets, excludes []string
	hit               map[string]bool // those of them that something has
	also              map[string]bool // addresses that targets need
	Rows              []int           // their source rows
	Referred          map[int][]int   // rows without an account, by those that refer to them
}

// New aims at the targets, or at everything if there are none, without the excluded.
func New(targets, excludes []string) *Aim {
	return &Aim{targets: targets, excludes: excludes, hit: map[string]bool{},
		also: map[string]bool{}, Referred: map[int][]int{}}
}

// SelectsAll reports whether nothing is left out.
func (a *Aim) SelectsAll() bool { return len(a.targets)+len(a.excludes) == 0 }

// Selects reports whether an address is in the plan.
func (a *Aim) Selects(address string) bool {
	if a.covered(a.excludes, address) {
		return false
	}
	return len(a.targets) == 0 || a.covered(a.targets, address) || a.also[address]
}

// covered reports whether one of the patterns has an address.
func (a *Aim) covered(patterns []string, address string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		rest, begins := strings.CutPrefix(address, pattern)
		hit := begins && (rest == "" || rest[0] == '[' && !strings.Contains(pattern, "[")) // which a key may have, too
		if hit {
			a.hit[pattern] = true
		}
		return hit
	})
}

// Include selects the address of a source row that a target needs, and reports whether that is new; what is excluded is
// never selected.
func (a *Aim) Include(row int, address string) bool {
	if a.also[address] || a.covered(a.excludes, address) {
		return false
	}
	a.also[address] = true
	a.Rows = append(a.Rows, row)
	return true
}

// Missed are the targets and excludes that nothing asked about so far has.
func (a *Aim) Missed() (list []string) {
	for _, pattern := range slices.Concat(a.targets, a.excludes) {
		if !a.hit[pattern] {
			list = append(list, pattern)
		}
	}
	return list
}

// Refer notes that source row s refers to source row m, which has no account of its own yet.
func (a *Aim) Refer(s, m int) {
	if len(a.targets) > 0 && !slices.Contains(a.Referred[m], s) {
		a.Referred[m] = append(a.Referred[m], s)
	}
}
