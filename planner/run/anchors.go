package run

import (
	"context"
	"encoding/base64"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/scoped"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// anchorOwner is a source object that no scope has, and the scope whose policy it is treated by.
type anchorOwner struct {
	guid  state.GUID
	scope string
}

// findAnchors looks for the objects of anchors that no scope has, wherever they are in the domains. What was not
// found is not in the result, which is by anchor.
func (r *Reading) findAnchors(ctx context.Context, open []*reconcile.Anchored) (map[string]anchorOwner, error) {
	found := map[string]anchorOwner{}
	byKind := map[state.Kind][]state.GUID{}
	for _, a := range open {
		if g, ok := anchorGUID(a.Anchor); ok {
			byKind[a.Kind] = append(byKind[a.Kind], g)
		}
	}
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return nil, err
		}
		for kind, guids := range byKind {
			err := r.owners(ctx, src, kind, guids, r.takesConsistencyGUID(p), func(anchor string, o *state.Object) {
				if scope := r.scopeNear(p, kind, o.DN); scope != "" {
					found[anchor] = anchorOwner{o.GUID, scope}
				}
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// ownerShape is what is asked of the objects of anchors.
var ownerShape = state.NewShape("objectGUID", config.AnchorConsistencyGUID)

// anchorGUID is the GUID in an anchor, which is the base64 of its bytes.
func anchorGUID(anchor string) (g state.GUID, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(anchor)
	return g, err == nil && copy(g[:], raw) == len(raw) && len(raw) == len(g)
}

// ownerChunk is how many anchors one search asks for.
const ownerChunk = 100

// owners calls found with the objects whose anchors have these GUIDs: their own or, if stamped, those in the attribute
// that policies can take anchors from.
func (r *Reading) owners(ctx context.Context, src providers.SourceReader, kind state.Kind, guids []state.GUID,
	stamped bool, found func(anchor string, o *state.Object)) error {
	for o, err := range src.Lookup(ctx, kind, guids, ownerShape) {
		if err != nil {
			return err
		}
		found(base64.StdEncoding.EncodeToString(o.GUID[:]), o)
	}
	if !stamped {
		return nil
	}
	domain, err := src.Domain(ctx)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(guids, ownerChunk) {
		q := providers.Query{Kind: kind, Bases: []string{domain.BaseDN}, Attributes: ownerShape,
			Filter: providers.GUIDFilter(chunk, config.AnchorConsistencyGUID)}
		for o, err := range src.Read(ctx, q) {
			if err != nil {
				return err
			}
			found(o.Get(config.AnchorConsistencyGUID).Str(), o)
		}
	}
	return nil
}

// takesConsistencyGUID reports whether a policy of the provider's scopes has anchors from that attribute.
func (r *Reading) takesConsistencyGUID(p *config.ADProvider) bool {
	return slices.ContainsFunc(r.Config.Policies, func(l *config.LinkPolicy) bool {
		return l.Scope != nil && l.Scope.Provider == p && l.Anchor == config.AnchorConsistencyGUID
	})
}

// scopeNear is the scope by whose policy somebody is treated whom no scope has: that in whose containers the object
// still lies. Where none has it, nobody knows any more which it was; of those that synchronise its kind from the
// provider it is then the one whose policy does the least that cannot be taken back. It is "" if there is none.
func (r *Reading) scopeNear(p *config.ADProvider, kind state.Kind, name string) string {
	near, least := "", 0
	for _, s := range r.Config.Scopes {
		if s.Provider != p || !slices.Contains(s.Objects, kind) {
			continue
		}
		if code, _ := r.whereabouts(p, s.Name, name); code == state.BecauseFiltered {
			return s.Name
		}
		if harm := scoped.Harm(r.Config.Policy(s.Name, kind)); near == "" || harm < least {
			near, least = s.Name, harm
		}
	}
	return near
}
