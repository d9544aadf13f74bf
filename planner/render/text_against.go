package render

import (
	"fmt"

	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
)

// caused is what stands in a plan that is held against another configuration's.
type caused struct{ *text }

// brought says what the change of the configuration brings, of a plan that is held against another one's.
func (t caused) brought(a *view.Against) {
	if a == nil {
		return
	}
	t.line()
	t.line(t.paint(bold, phrase.Brought(a)), ".")
	if len(a.Gone) == 0 {
		return
	}
	t.line("No longer:")
	for _, g := range a.Gone {
		t.line(inner, plain(phrase.Gone(g)))
	}
	if more := a.NoLonger - len(a.Gone); more > 0 {
		t.line(inner, fmt.Sprintf("… and %d more", more), t.all)
	}
}

// pending begins what is pending anyway.
func (t caused) pending() {
	t.line()
	t.line(t.paint(bold, "Pending anyway"), ", whatever this change does:")
}

// changes writes the changes one by one, those first that the change of the configuration brings.
func (t caused) changes(r Source) error {
	if r.Header().Against == nil {
		return t.each(r, 0)
	}
	v, err := view.Build(r)
	if err != nil {
		return err
	}
	t.brought(v.Against)
	for cause := range 2 {
		if cause == 1 && v.Against != nil && v.Against.Directory > 0 {
			t.pending()
		}
		if err := t.each(r, cause); err != nil {
			return err
		}
	}
	return nil
}

// each writes the changes of a cause one by one.
func (t caused) each(r Source, cause int) error {
	for c, err := range r.Changes() {
		if err == nil {
			err = t.err
		}
		if err != nil {
			return err
		}
		if view.CauseOf(c) == cause {
			t.change(c)
		}
	}
	return nil
}
