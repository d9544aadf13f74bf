package undone

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// SignedIn takes of a plan that nobody is to see whom findings keep signed in: that concerns whoever looks at any plan.
type SignedIn []*planner.Finding

// Finding keeps f if it keeps somebody signed in.
func (s *SignedIn) Finding(f *planner.Finding) error {
	if f.SignedIn {
		kept := *f
		*s = append(*s, &kept)
	}
	return nil
}

// Change drops a change.
func (*SignedIn) Change(*state.Change) error { return nil }

// Record drops a line for the record.
func (*SignedIn) Record(*planner.Record) error { return nil }

// Skipped drops an object about which nothing is done.
func (*SignedIn) Skipped(*planner.Skipped) error { return nil }

// Besides are the findings about whom changes leave signed in as well. ended is how many accounts they do not: those
// are deleted or switched off.
func (s SignedIn) Besides(changes []*state.Change) (still []*planner.Finding, ended int) {
	off := map[string]bool{} // by ids; true once it is counted
	for _, c := range changes {
		if c.Action == state.ActionDelete || c.Kind.Descriptor().SwitchesOff(c) != "" {
			off[strings.ToLower(c.TargetID)] = false
		}
	}
	for _, f := range s {
		i := slices.IndexFunc(f.Objects, func(o planner.ObjectRef) bool {
			_, ends := off[strings.ToLower(o.TargetID)]
			return ends
		})
		if i < 0 {
			still = append(still, f)
		} else if id := strings.ToLower(f.Objects[i].TargetID); !off[id] {
			off[id] = true
			ended++
		}
	}
	return still, ended
}
