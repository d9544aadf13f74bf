package judge

import (
	"slices"
	"strings"
)

// aim is what --target and --exclude leave in the plan.
type aim struct {
	targets, excludes []string
	hit               map[string]bool // those of them that something has
}

func newAim(targets, excludes []string) *aim {
	return &aim{targets: targets, excludes: excludes, hit: map[string]bool{}}
}

func (a *aim) selectsAll() bool { return len(a.targets)+len(a.excludes) == 0 }

func (a *aim) selects(address string) bool {
	covers := func(pattern string) bool {
		hit := pattern == address || strings.HasPrefix(address, pattern+"[")
		if hit {
			a.hit[pattern] = true
		}
		return hit
	}
	if slices.ContainsFunc(a.excludes, covers) {
		return false
	}
	return len(a.targets) == 0 || slices.ContainsFunc(a.targets, covers)
}

func (a *aim) missed() (list []string) {
	for _, pattern := range slices.Concat(a.targets, a.excludes) {
		if !a.hit[pattern] {
			list = append(list, pattern)
		}
	}
	return list
}
