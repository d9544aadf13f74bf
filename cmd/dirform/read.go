package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// reading is everything a plan is made from: rules, record and both directories, opened for reading only.
type reading struct {
	cfg    *config.Config
	record *store.Store
	dirs   *directories
	header planner.Header
	set    reconcile.Settings
	seen   tally
}

// tally counts objects while they are read, for progress.
type tally struct{ source, tenant atomic.Int64 }

// look opens both directories and asks them for what is not a stream: who they are, domains, roles, suffixes and OUs.
func (a *app) look(ctx context.Context, cfg *config.Config, record *store.Store, dirs *directories) (*reading, error) {
	r := &reading{cfg: cfg, record: record, dirs: dirs, set: reconcile.Settings{
		Rules: cfg, Schema: providers.TenantSchema, Now: a.env.Now(), Suffixes: map[string][]string{}, OUs: map[string][]planner.OUSeen{},
	}}
	if err := r.identify(ctx, a); err != nil {
		return nil, err
	}
	for _, p := range cfg.AD {
		src, err := dirs.openSource(ctx, p)
		if err != nil {
			return nil, err
		}
		if r.set.Suffixes[p.Name], err = src.UPNSuffixes(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.resolveOUs(ctx); err != nil {
		return nil, err
	}
	return r, r.lookAtTenant(ctx)
}

// identify fills in the header: directories, and the state's lineage, which is made up here if there is no state yet.
func (r *reading) identify(ctx context.Context, a *app) error {
	m := r.record.Meta()
	domain, others, err := r.dirs.home(ctx, r.cfg, m.SourceSID)
	if err != nil {
		return err
	}
	tenant, err := r.dirs.openTenant(ctx, r.cfg.Entra)
	if err != nil {
		return err
	}
	if r.set.Organization, err = tenant.Organization(ctx); err != nil {
		return err
	}
	r.header = planner.Header{FormatVersion: planner.FormatVersion, DirformVersion: version, CreatedAt: a.env.Now().UTC().Format("2006-01-02T15:04:05Z"),
		ConfigDigest: r.cfg.Digest, Source: planner.SourceID{Domain: domain.Name, SID: domain.SID, Others: others}, Tenant: planner.TenantID{ID: r.set.Organization.ID}}
	if !m.Exists {
		return r.mint()
	}
	switch moves := m.SourceSID != domain.SID; {
	case m.TenantID != r.set.Organization.ID, moves && !relinks(r.cfg):
		return r.otherDirectories(m, domain)
	case moves:
		r.header.Source.MovesFrom = m.SourceSID
	}
	r.header.State = planner.StateID{Lineage: m.Lineage, Serial: m.Serial}
	r.set.Key = state.KeyOf(m.Lineage)
	return nil
}

// relinks reports whether the configuration says that accounts move to another domain.
func relinks(cfg *config.Config) bool {
	return slices.ContainsFunc(cfg.Policies, func(p *config.LinkPolicy) bool { return p.ForeignAnchor == "relink" })
}

func (r *reading) otherDirectories(m store.Meta, domain providers.Domain) error {
	e := &usageError{summary: "The state belongs to other directories",
		detail: fmt.Sprintf("It records links between domain %s and tenant %s; the configuration reads domain %s (%s) and tenant %s.",
			m.SourceSID, m.TenantID, domain.SID, domain.Name, r.set.Organization.ID),
		hint: "Point the providers at the directories the state was made for, or give this configuration a state file of its own."}
	if m.TenantID == r.set.Organization.ID {
		e.hint += " If the accounts are to move to this domain, say so with foreign_anchor = \"relink\" in the link policy."
	}
	return e
}

// home is the domain that a state belongs to: of the configuration's domains the one with the SID recorded, else the first. The
// names of the others follow.
func (d *directories) home(ctx context.Context, cfg *config.Config, recorded string) (home providers.Domain, others []string, err error) {
	var domains []providers.Domain
	for _, p := range cfg.AD {
		src, err := d.openSource(ctx, p)
		if err != nil {
			return home, nil, err
		}
		domain, err := src.Domain(ctx)
		if err != nil {
			return home, nil, err
		}
		domains = append(domains, domain)
	}
	at := max(0, slices.IndexFunc(domains, func(d providers.Domain) bool { return d.SID == recorded }))
	for i, domain := range domains {
		if i != at {
			others = append(others, domain.Name)
		}
	}
	return domains[at], others, nil
}

// mint makes up a lineage, which enters the state with the first apply.
func (r *reading) mint() error {
	var id state.GUID
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	id[7], id[8] = id[7]&0x0f|0x40, id[8]&0x3f|0x80 // a random UUID (RFC 9562), in the byte order of GUID
	r.header.State.Lineage = id.String()
	r.set.Key = state.KeyOf(r.header.State.Lineage)
	return nil
}

// lookAtTenant reads domains and who holds roles.
func (r *reading) lookAtTenant(ctx context.Context) error {
	tenant, err := r.dirs.openTenant(ctx, r.cfg.Entra)
	if err != nil {
		return err
	}
	if r.set.Domains, err = tenant.Domains(ctx); err != nil {
		return err
	}
	if r.set.Identity, err = tenant.Identity(ctx); err != nil {
		return err
	}
	r.set.RoleHolders, err = tenant.RoleHolders(ctx)
	if err != nil && forbidden(err) && !slices.ContainsFunc(r.cfg.Policies, func(p *config.LinkPolicy) bool { return p.Privileged != "allow" }) {
		r.set.Findings = append(r.set.Findings, reconcile.UnreadableRoles(err)) // no policy protects anybody for a role
		err = nil
	}
	if err != nil {
		return err
	}
	return r.lookAtSwitches(ctx, tenant)
}

// lookAtSwitches reads what the tenant allows sync clients. An application may not, so it does not ask; then, and whenever they
// are refused, nothing follows from them.
func (r *reading) lookAtSwitches(ctx context.Context, tenant providers.TenantReader) (err error) {
	log := r.dirs.app.logger()
	if id := r.set.Identity; id.ID != "" && !id.User {
		log.Info("the tenant's switches for sync clients are shown to people only")
		return nil
	}
	r.set.SyncFeatures, err = tenant.SyncFeatures(ctx)
	var refused *providers.ServiceError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Status {
	case 400, 403, 404: // nobody has given the permission, or this cloud has no such thing
		log.Info("the tenant's switches for sync clients cannot be read", "status", refused.Status)
		return nil
	}
	return err
}

func forbidden(err error) bool {
	var e *providers.ServiceError
	return errors.As(err, &e) && e.Status == 403
}

// all reads every stream into the builder, concurrently. The first error ends all of them.
func (r *reading) all(ctx context.Context, b *reconcile.Builder) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, scope := range r.cfg.Scopes {
		src, err := r.dirs.openSource(ctx, scope.Provider)
		if err != nil {
			return err
		}
		for _, kind := range scope.Objects {
			q := r.query(scope, kind)
			g.Go(func() error { return b.ReadSource(scope, kind, counted(src.Read(ctx, q), &r.seen.source)) })
		}
	}
	tenant, err := r.dirs.openTenant(ctx, r.cfg.Entra)
	if err != nil {
		return err
	}
	for _, kind := range b.ManagedKinds() {
		g.Go(func() error {
			return b.ReadTenant(kind, counted(tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.TenantShape(kind)}), &r.seen.tenant))
		})
		g.Go(func() error {
			return b.ReadDeleted(kind, tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.DeletedShape(kind), Deleted: true}))
		})
	}
	for _, kind := range []state.Kind{state.Group, state.Contact} {
		if !slices.Contains(b.ManagedKinds(), kind) {
			g.Go(func() error { return r.readHolders(ctx, b, tenant, kind) })
		}
	}
	g.Go(func() error { return b.ReadLinks(r.record.Links(ctx)) })
	return g.Wait()
}

// readHolders reads objects that are looked at only because they hold addresses. Without the permission to see them a plan can
// still be made; it says so.
func (r *reading) readHolders(ctx context.Context, b *reconcile.Builder, tenant providers.TenantReader, kind state.Kind) error {
	err := b.ReadTenant(kind, counted(tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.TenantShape(kind)}), &r.seen.tenant))
	if forbidden(err) {
		b.Warn(reconcile.Unreadable(kind, err))
		return nil
	}
	return err
}

func (r *reading) query(scope *config.Scope, kind state.Kind) providers.Query {
	q := providers.Query{Kind: kind, Filter: scope.Filter, Attributes: r.cfg.SourceShapes[kind]}
	for _, ou := range r.set.OUs[scope.Name] {
		switch {
		case ou.DN == "":
		case ou.Exclude:
			q.Exclude = append(q.Exclude, ou.DN)
		default:
			q.Bases = append(q.Bases, ou.DN)
		}
	}
	return q
}

func counted(objects providers.Objects, n *atomic.Int64) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for o, err := range objects {
			if err == nil {
				n.Add(1)
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// resolveOUs finds every scope's containers. A declared OU that is gone is followed by its recorded GUID: whoever renames an OU
// must not delete its people.
func (r *reading) resolveOUs(ctx context.Context) error {
	recorded, err := r.record.OUs(ctx)
	if err != nil {
		return err
	}
	known := map[string]state.GUID{}
	for _, ou := range recorded {
		known[ou.Scope+"\x00"+strings.ToLower(ou.Declared)] = ou.GUID
	}
	for _, scope := range r.cfg.Scopes {
		src, err := r.dirs.openSource(ctx, scope.Provider)
		if err != nil {
			return err
		}
		for i, dn := range slices.Concat(scope.OUs, scope.Exclude) {
			exclude := i >= len(scope.OUs)
			seen, err := r.resolveOU(ctx, src, scope, dn, exclude, known[scope.Name+"\x00"+strings.ToLower(dn)])
			if err != nil {
				return err
			}
			r.set.OUs[scope.Name] = append(r.set.OUs[scope.Name], seen)
		}
	}
	return nil
}

func (r *reading) resolveOU(ctx context.Context, src providers.SourceReader, scope *config.Scope, dn string, exclude bool, recorded state.GUID) (planner.OUSeen, error) {
	here, ok, err := src.Container(ctx, dn, state.GUID{})
	if err != nil {
		return planner.OUSeen{}, err
	}
	moved, renamed := providers.Container{}, false
	if recorded != (state.GUID{}) && (!ok || here.GUID != recorded) {
		found := false
		if moved, found, err = src.Container(ctx, "", recorded); err != nil {
			return planner.OUSeen{}, err
		}
		if found && ok {
			r.set.Findings = append(r.set.Findings, reconcile.OUReplaced(scope, dn, moved.DN))
		}
		if found && !ok {
			r.set.Findings = append(r.set.Findings, reconcile.OURenamed(scope, dn, moved.DN, exclude))
			here, ok, renamed = moved, true, true
		}
	}
	if ok {
		return planner.OUSeen{Declared: dn, DN: here.DN, GUID: here.GUID.String(), Exclude: exclude, Renamed: renamed}, nil
	}
	if exclude && recorded != (state.GUID{}) {
		return planner.OUSeen{Declared: dn, GUID: recorded.String(), Exclude: true}, nil // deleted since: nothing is left to exclude
	}
	if exclude {
		return planner.OUSeen{}, &usageError{summary: "Excluded OU does not exist",
			detail: fmt.Sprintf("%s: scope %q excludes %s, which the directory does not have.", scope.DeclaredAt, scope.Name, dn),
			hint:   "Correct the distinguished name, or remove it from exclude. Nothing was planned, because those it is meant to leave out would come in."}
	}
	e := &usageError{summary: "Scope OU does not exist", detail: fmt.Sprintf("%s: scope %q names %s, which the directory does not have.",
		scope.DeclaredAt, scope.Name, dn), hint: "Correct the distinguished name. Nothing was planned, because an empty scope would mean that everybody left."}
	if recorded != (state.GUID{}) {
		e.detail += fmt.Sprintf(" It is recorded as container %s, which is gone too: it was deleted, or the account may not see it any more.", recorded)
	}
	return planner.OUSeen{}, e
}
