package apply

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner/apply/internal/links"
	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// suffixAttribute is where the source keeps its UPN suffixes.
const suffixAttribute = "uPNSuffixes"

// step is one change on its way.
type step struct {
	c      *state.Change
	of     *state.Descriptor // of the change's kind; never nil
	seq    int64
	schema *state.Schema // nil for what the source has
	id     string        // of the tenant object; empty until created
	old    *state.Link   // recorded before

	source []state.AttributeChange // still to be written to the source
	plain  []state.AttributeChange // still to be written to the object itself
	refs   []state.AttributeChange // still to be written as references
	claim  *state.AttributeChange  // the object is still to be taken over from another sync engine
	write  bool                    // the object itself takes a request
	open   int                     // references still open, of a change that consists of nothing else

	link   *state.Link // to be recorded, once done
	forget bool        // the link is to be removed, once done

	status          state.EntryStatus // empty while it is not decided
	code, requestID string
	reason          string
	hint            string // what to do about the reason; may be empty
	restored        bool   // out of the recycle bin, by an earlier request
	taken           bool   // over from another sync engine, by an earlier request
	elsewhere       bool   // decided before the run: nothing waits for it
	whole           *step  // of which this is the part that turns sign-in off; that one is counted, told of and waited for

	detoured
	deeds deeds
}

// detoured is how far a change came that gives up its names first.
type detoured struct {
	freed bool // the names it had are free
	back  bool // the detour leads nowhere: the names it had are given back
}

func (r *run) newStep(c *state.Change) *step {
	st := &step{c: c, of: r.in.Kinds(c.Kind), id: c.TargetID, seq: r.nextSeq(), deeds: deeds{whole: r.deeds(c)}}
	if !st.of.AtSource {
		st.schema = r.in.Schema(c.Kind)
	}
	st.validate()
	return st
}

// validate settles as failed what no plan of this version asks for, so that it is not taken for something else.
func (st *step) validate() {
	c := st.c
	switch {
	case !st.of.Does(c.Action):
		st.settle(state.StatusFailed, "unsupported", fmt.Sprintf("this version of dirform cannot carry out %q for a %s", c.Action, c.Kind))
	case !st.of.AtSource && st.schema == nil:
		st.settle(state.StatusFailed, "unsupported", fmt.Sprintf("this version of dirform does not write objects of kind %s", c.Kind))
	case c.Members != nil:
		st.settle(state.StatusFailed, "unsupported", fmt.Sprintf("this version of dirform does not change the members of a %s", c.Kind))
	case st.of.AtSource && st.suffix() == "":
		st.settle(state.StatusFailed, "unsupported", "the plan names no UPN suffix to add; plan again")
	case st.creates() && c.TargetID != "":
		st.settle(state.StatusFailed, "unsupported", "the plan creates an account that it says exists; plan again")
	}
}

// alone reports whether the step is carried out beside no other: it switches something for the whole tenant.
func (st *step) alone() bool { return st.of.Alone }

// touches reports whether st concerns an object that is among seen, touch adds it.
func (st *step) touches(seen map[string]bool) bool {
	return st.c.Anchor != "" && seen[st.c.Anchor] || st.c.TargetID != "" && seen[st.c.TargetID]
}

func (st *step) touch(seen map[string]bool) {
	if st.c.Anchor != "" {
		seen[st.c.Anchor] = true
	}
	if st.c.TargetID != "" {
		seen[st.c.TargetID] = true
	}
}

// settle decides what became of the step. The code goes into the journal, the reason, which may name values, to the person.
func (st *step) settle(s state.EntryStatus, code, reason string) {
	st.status, st.code, st.reason, st.hint = s, code, reason, ""
}

// fail settles the step with a directory's error.
func (st *step) fail(err error) {
	st.code, st.requestID = codeOf(err)
	st.status, st.reason, st.hint = state.StatusFailed, err.Error(), fault.Hint(err)
}

// codeOf is what the journal keeps of an error: the service's code and request id, but not its words.
func codeOf(err error) (code, request string) {
	var se *providers.ServiceError
	switch {
	case errors.As(err, &se):
		if se.Code == "" {
			return strconv.Itoa(se.Status), se.RequestID
		}
		return se.Code, se.RequestID
	case errors.Is(err, providers.ErrStale):
		return "stale", ""
	}
	return "error", ""
}

// entry is the step in the journal.
func (st *step) entry() state.Entry {
	return state.Entry{Seq: st.seq, Key: cmp.Or(st.c.Anchor, st.suffix(), st.c.Address), Kind: st.c.Kind, Action: st.c.Action,
		TargetID: st.id, Status: st.status, Code: st.code, RequestID: st.requestID, Writes: st.deeds.writes, Deeds: st.counts(),
		Kept: state.KeptOf(st.c, st.old)}
}

// deeds is what a step counts as, for guards and in the history.
type deeds struct {
	whole map[string]int // once it is written
	half  map[string]int // what has been written of it, if the rest fails

	writes state.Writes // requests that were carried out for it
}

// counts is what the step counts as for guards, as far as it is, or may have been, written.
func (st *step) counts() map[string]int {
	switch st.status {
	case state.StatusSkipped:
		return nil
	case state.StatusFailed:
		return st.deeds.half
	}
	return st.deeds.whole
}

// result is the settled step in the journal, with what becomes of its link. Only a step that was done changes the record.
func (st *step) result() state.Result {
	res := state.Result{Entry: st.entry()}
	if st.status == state.StatusDone {
		res.Link, res.Forget, res.Replaces = st.link, st.forget, st.replaces()
	}
	return res
}

// replaces is the anchor whose link to the account ends: that of the link which the plan names, else the anchor that a new one
// takes the place of. It is "" if there is none.
func (st *step) replaces() string {
	if st.c.Partial {
		return ""
	}
	if st.link != nil && st.c.Replaces != nil {
		return st.c.Replaces.Anchor
	}
	for _, a := range st.c.Attributes {
		if st.link != nil && a.Name == st.of.Anchor && a.Before.Str() != st.c.Anchor {
			return a.Before.Str()
		}
	}
	return ""
}

// pair is the step, as far as its link depends on it.
func (st *step) pair() links.Pair {
	return links.Pair{Change: st.c, Of: st.of, TargetID: st.id, Schema: st.schema, Old: st.old, Written: st.plain,
		Later: st.refs}
}

// suffix is the UPN suffix that the step adds to the source, or "".
func (st *step) suffix() string {
	for _, a := range st.c.SourceAttributes {
		if st.of.AtSource && a.Name == suffixAttribute {
			return a.After.Str()
		}
	}
	return ""
}

// attribute describes the named attribute of the tenant. One that the schema does not know is compared exactly.
func (st *step) attribute(name string) *state.Attribute {
	return values.Describe(st.schema, name)
}

func (st *step) isReference(name string) bool { return st.attribute(name).Type == state.TypeReference }

// anchored reports whether objects of the step's kind carry an anchor in the tenant.
func (st *step) anchored() bool { return st.schema != nil && st.of.Anchor != "" }

// planned is the plan's change of the named attribute, or nil.
func (st *step) planned(name string) *state.AttributeChange {
	for i := range st.c.Attributes {
		if strings.EqualFold(st.c.Attributes[i].Name, name) {
			return &st.c.Attributes[i]
		}
	}
	return nil
}

// creates reports whether the step makes the tenant object.
func (st *step) creates() bool {
	return st.c.Action == state.ActionCreate && !st.of.AtSource
}

// onlyReferences reports whether all that is left to be written to the tenant are references.
func (st *step) onlyReferences() bool { return !st.write && len(st.refs) > 0 }

// split sorts the attributes that are still to be written.
func (st *step) split(attrs []state.AttributeChange) {
	for _, a := range attrs {
		switch {
		case a.Name == providers.CloudManaged:
			st.claim = &a
		case !st.isReference(a.Name):
			st.plain = append(st.plain, a)
		case !(st.creates() && a.After.IsNull()):
			st.refs = append(st.refs, a)
		}
	}
	switch st.c.Action {
	case state.ActionCreate, state.ActionRestore, state.ActionDelete:
		st.write = true
	default:
		st.write = len(st.plain) > 0 || st.claim != nil
	}
}

// request is the step's own write. A restored object gets its attributes with a second one.
func (st *step) request() providers.Write {
	w := providers.Write{Kind: st.c.Kind, ID: st.id, Attributes: st.plain, Op: providers.OpPatch}
	switch {
	case st.creates():
		w.Op, w.ID = providers.OpCreate, ""
	case st.c.Action == state.ActionDelete:
		w.Op, w.Attributes = providers.OpDelete, nil
	case st.c.Action == state.ActionRestore && !st.restored:
		w.Op, w.Attributes = providers.OpRestore, nil
	}
	return w
}

// done settles the step as written (or in no need of it) under the object's id.
func (st *step) done(id string) {
	if id != "" {
		st.id = id
	}
	st.settle(state.StatusDone, "", "")
}

// stale settles the step as not what the plan saw.
func (st *step) stale(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	if st.freed {
		why += "; " + st.inBetween()
	}
	st.settle(state.StatusSkipped, "stale", why+"; plan again")
}
