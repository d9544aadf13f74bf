package objects_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/dirform/dirform/state/store/objects"
)

// A list is whole, or an error: however its pages are cut, and whatever a store says of the next one.
func TestPages(t *testing.T) {
	calls := 0
	numbered := func(each, last int) func(string) ([]string, string, error) { // pages of each names
		return func(from string) (names []string, next string, err error) {
			calls++
			n, _ := strconv.Atoi(from)
			for i := range each {
				names = append(names, fmt.Sprint(n, i))
			}
			if n < last {
				next = fmt.Sprint(n + 1)
			}
			return names, next, nil
		}
	}
	lost := errors.New("lost")
	for name, c := range map[string]struct {
		read func(string) ([]string, string, error)
		want int // names; -1 is an error
	}{
		"one page":             {numbered(3, 0), 3},
		"several":              {numbered(2, 4), 10},
		"empty ones between":   {numbered(0, 50), 0},
		"as many as there may": {numbered(objects.MostListed/2, 1), objects.MostListed},
		"one more":             {numbered(objects.MostListed/2+1, 1), -1},
		"the same page again":  {func(string) ([]string, string, error) { calls++; return []string{"a"}, "here", nil }, -1},
		"empty without end":    {numbered(0, objects.MostListed+5), -1},
		"cut off": {func(from string) ([]string, string, error) {
			if from != "" {
				return nil, "", lost
			}
			return []string{"a"}, "b", nil
		}, -1},
	} {
		calls = 0
		names, err := objects.Pages(c.read)
		if bad := err != nil; bad != (c.want < 0) || bad && names != nil || !bad && len(names) != c.want {
			t.Errorf("%s: %d names, %v", name, len(names), err)
		}
		if slices.Sort(names); len(slices.Compact(names)) != len(names) {
			t.Errorf("%s: a name comes twice", name)
		}
		if calls > objects.MostListed {
			t.Errorf("%s: %d pages were asked for", name, calls)
		}
	}
}
