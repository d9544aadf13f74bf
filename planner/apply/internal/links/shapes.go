package links

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// shapes keeps one shape per set of attributes.
type shapes struct{ byNames map[string]*state.Shape }

// of is the shape of names, which must be sorted.
func (s *shapes) of(names []string) *state.Shape {
	key := strings.Join(names, "\n")
	if sh, ok := s.byNames[key]; ok {
		return sh
	}
	if s.byNames == nil {
		s.byNames = map[string]*state.Shape{}
	}
	sh := state.NewShape(names...)
	s.byNames[key] = sh
	return sh
}

// apply gives a link the fingerprints of a plan in place of its own.
func (s *shapes) apply(l *state.Link, prints map[string]string) error {
	names := make([]string, 0, len(prints))
	for n := range prints {
		names = append(names, n)
	}
	slices.Sort(names)
	fps := make([]uint64, len(names))
	for i, n := range names {
		fp, err := parseFingerprint(n, prints[n])
		if err != nil {
			return err
		}
		fps[i] = fp
	}
	l.Shape, l.Fingerprints = s.of(names), fps
	return nil
}

// set gives a link one attribute's fingerprint, extending its shape if need be.
func (s *shapes) set(l *state.Link, name string, fp uint64) {
	var names []string
	if l.Shape != nil {
		if i := l.Shape.Index(name); i >= 0 {
			l.Fingerprints[i] = fp
			return
		}
		names = l.Shape.Names()
	}
	i, _ := slices.BinarySearch(names, name)
	l.Shape = s.of(slices.Insert(slices.Clone(names), i, name))
	l.Fingerprints = slices.Insert(l.Fingerprints, i, fp)
}

func parseFingerprint(name, text string) (uint64, error) {
	fp, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0, &fault.Error{Summary: "the plan is damaged", Hint: "Plan again.",
			Detail: fmt.Sprintf("The fingerprint of %s is %q, not a hexadecimal number.", name, text)}
	}
	return fp, nil
}
