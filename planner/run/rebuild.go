package run

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// RebuildOptions say how a record is made anew.
type RebuildOptions struct {
	Record WritableRecord // of which nothing exists
	// Show is given what would be recorded, and Consent is asked before it is; an error of either ends the run.
	Show    func(*Rebuilt) error
	Consent func() error
}

// Rebuilt is what both directories tell about a record that is lost. Its lists are sorted by the accounts' names.
type Rebuilt struct {
	Source planner.SourceID
	Tenant planner.TenantID
	Scopes []planner.ScopeSeen
	Pairs  []*RebuiltLink // source objects in scope with the accounts that carry their anchors
	// Leavers are accounts whose anchors belong to objects that exist in Active Directory and that no scope has.
	Leavers []*RebuiltLink
	// Strays are accounts with anchors of objects that were not found, and Contested those whose anchors several
	// objects in scope have. Nothing is recorded of them, and neither of those that another sync engine masters.
	Strays, Contested []*reconcile.Anchored
	Mastered          int
	// Differing counts the pairs whose sides differ in some managed attribute, so that what was applied last is not
	// known of it; of the pairs that a finding stops it is not known of any.
	Differing, Stopped int
	// Unanchored says that scopes synchronise objects that keep no anchor in the tenant, so that nothing can be
	// recorded of them.
	Unanchored bool
}

// RebuiltLink is a link that is made anew.
type RebuiltLink struct {
	state.Link
	Name    string // what people know the account by
	Enabled bool   // it can sign in

	told bool // what both sides agree on is known
}

// Rebuild makes the record anew from both directories: by anchors alone, which the tenant keeps. It writes to neither
// directory. Where nothing can be recorded, no record is made.
func (r *Run) Rebuild(ctx context.Context, o RebuildOptions) (*Rebuilt, error) {
	r.Record = o.Record
	rd, err := r.look(ctx, "")
	if err != nil {
		return nil, err
	}
	b, err := rd.Build(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	x := &Rebuilt{Source: rd.Header.Source, Tenant: rd.Header.Tenant}
	x.Unanchored = slices.ContainsFunc(b.ManagedKinds(), func(k state.Kind) bool { return k.Descriptor().Anchor == "" })
	if err := rd.pairByAnchor(ctx, b, x); err != nil {
		return nil, err
	}
	totals, err := rd.learn(ctx, b, x)
	if err != nil {
		return nil, err
	}
	x.Scopes = totals.Scopes
	if err := o.Show(x); err != nil || len(x.Pairs)+len(x.Leavers) == 0 {
		return x, err
	}
	if err := o.Consent(); err != nil {
		return x, err
	}
	return x, r.record(ctx, rd, o.Record, x)
}

// pairByAnchor sorts the accounts that carry an anchor by what they tell.
func (r *Reading) pairByAnchor(ctx context.Context, b *reconcile.Builder, x *Rebuilt) error {
	var open []*reconcile.Anchored
	for a, err := range b.Anchored() {
		switch {
		case err != nil:
			return err
		case a.Mastered:
			x.Mastered++
		case a.Several:
			x.Contested = append(x.Contested, a)
		case a.Scope == "":
			open = append(open, a)
		default:
			x.Pairs = append(x.Pairs, rebuiltLink(a, a.Scope, a.GUID))
		}
	}
	found, err := r.findAnchors(ctx, open)
	if err != nil {
		return err
	}
	for _, a := range open {
		f, ok := found[a.Anchor]
		if !ok {
			x.Strays = append(x.Strays, a)
			continue
		}
		l := rebuiltLink(a, f.scope, f.guid)
		// Whether its leaving was dealt with, nobody knows any more. An account that cannot sign in is as the default
		// would leave it.
		l.Left = !a.Enabled
		x.Leavers = append(x.Leavers, l)
	}
	x.sort()
	return nil
}

func rebuiltLink(a *reconcile.Anchored, scope string, guid state.GUID) *RebuiltLink {
	return &RebuiltLink{Name: a.Name, Enabled: a.Enabled,
		Link: state.Link{Anchor: a.Anchor, Kind: a.Kind, Scope: scope, SourceGUID: guid, TargetID: a.TargetID,
			Rule: state.RuleRebuilt, Shape: nothingKnown}}
}

// nothingKnown is the shape of links whose last-applied values are not known.
var nothingKnown = state.NewShape()

func (x *Rebuilt) sort() {
	byName := func(a, b *RebuiltLink) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Anchor, b.Anchor))
	}
	slices.SortFunc(x.Pairs, byName)
	slices.SortFunc(x.Leavers, byName)
	for _, list := range [...][]*reconcile.Anchored{x.Strays, x.Contested} {
		slices.SortFunc(list, func(a, b *reconcile.Anchored) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Anchor, b.Anchor))
		})
	}
}

// links are all links, to be read like a record's.
func (x *Rebuilt) links() iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		for _, list := range [...][]*RebuiltLink{x.Pairs, x.Leavers} {
			for _, l := range list {
				if !yield(&l.Link, nil) {
					return
				}
			}
		}
	}
}

// learn makes a plan as the new record would have it made, and takes from it what both sides agree on: that counts as
// applied.
func (r *Reading) learn(ctx context.Context, b *reconcile.Builder, x *Rebuilt) (planner.Totals, error) {
	if err := b.ReadLinks(x.links()); err != nil {
		return planner.Totals{}, err
	}
	file, _, err := r.run.writeDown(ctx, b, r.Header, "", nil)
	if err != nil {
		return planner.Totals{}, err
	}
	defer file.Close()
	if err := x.learn(file); err != nil {
		return planner.Totals{}, err
	}
	for _, l := range x.Pairs {
		if !l.told {
			x.Stopped++
		}
	}
	return file.Totals(), nil
}

func (x *Rebuilt) learn(file *planfile.Reader) error {
	pairs := make(map[string]*RebuiltLink, len(x.Pairs))
	for _, l := range x.Pairs {
		pairs[l.Anchor] = l
	}
	shapes := map[string]*state.Shape{}
	parts := map[string][]state.AttributeChange{} // what would be changed of objects that findings stop
	for c, err := range file.Changes() {
		if err != nil {
			return err
		}
		l := pairs[c.Anchor]
		if l != nil && c.Partial {
			parts[c.Anchor] = c.Attributes
		}
		if l == nil || c.Partial {
			continue
		}
		if len(c.Attributes) > 0 {
			x.Differing++
		}
		if err := l.agree(c.Fingerprints, c.Attributes, shapes); err != nil {
			return err
		}
	}
	for rec, err := range file.Records() {
		if err != nil {
			return err
		}
		if l := pairs[rec.Anchor]; l != nil {
			if err := l.agree(rec.Fingerprints, parts[rec.Anchor], shapes); err != nil {
				return err
			}
		}
	}
	return nil
}

// agree notes the fingerprints of what is agreed on: all that a plan has but those of the attributes that it would
// change.
func (l *RebuiltLink) agree(prints map[string]string, changed []state.AttributeChange,
	shapes map[string]*state.Shape) error {
	var names []string
	for name := range prints {
		if !slices.ContainsFunc(changed, func(c state.AttributeChange) bool { return c.Name == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	key := strings.Join(names, "\n")
	if shapes[key] == nil {
		shapes[key] = state.NewShape(names...)
	}
	l.Shape, l.Fingerprints, l.told = shapes[key], make([]uint64, len(names)), true
	for i, name := range names {
		var err error
		if l.Fingerprints[i], err = strconv.ParseUint(prints[name], 16, 64); err != nil {
			return err
		}
	}
	return nil
}

// recordBatch is how many links one transaction takes.
const recordBatch = 1000

// record writes the new record, in a run of its own.
func (r *Run) record(ctx context.Context, rd *Reading, record WritableRecord, x *Rebuilt) error {
	h := rd.Header
	w, err := record.Begin(ctx, store.RunInfo{Command: store.CommandRebuild, Lineage: h.State.Lineage,
		Key: rd.Settings.Key, SourceSID: h.Source.SID, TenantID: h.Tenant.ID, Hosts: r.Hosts})
	if err != nil {
		return err
	}
	var links []*state.Link
	for l := range x.links() {
		links = append(links, l)
	}
	for batch := range slices.Chunk(links, recordBatch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.Records(ctx, batch); err != nil {
			return err
		}
	}
	ous, err := recordedOUs(x.Scopes)
	if err == nil {
		err = w.OUs(ctx, ous)
	}
	if err == nil {
		err = w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: len(links)}, r.scopeCounts(x.Scopes))
	}
	r.log().Info("record made anew", "links", len(links))
	return err
}
