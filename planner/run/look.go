package run

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/named"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// Look opens both directories and asks them for what is not a stream: who they are, domains, roles, suffixes and OUs.
func (r *Run) Look(ctx context.Context) (*Reading, error) { return r.look(ctx, "") }

// look is Look; a record that does not exist yet gets the lineage, or a new one if that is "".
func (r *Run) look(ctx context.Context, lineage string) (*Reading, error) {
	rd := &Reading{run: r, Config: r.Config, Settings: reconcile.Settings{Rules: r.Config, Schema: r.Schema, Now: r.Now(), TempDir: r.TempDir,
		Suffixes: map[string][]string{}, OUs: map[string][]planner.OUSeen{}}}
	if err := rd.identify(ctx, lineage); err != nil {
		return nil, err
	}
	for _, p := range r.Config.AD {
		src, err := r.Directories.Source(ctx, p)
		if err != nil {
			return nil, err
		}
		if rd.Settings.Suffixes[p.Name], err = src.UPNSuffixes(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if rd.Settings.Recent, err = r.Record.Recent(ctx, rd.Settings.Now.Add(-state.RecentTime)); err != nil {
		return nil, err
	}
	if err := rd.resolveOUs(ctx); err != nil {
		return nil, err
	}
	blind := func(provider string) {
		r.log().Warn("the directory's schema cannot be read, so names are not checked against it", "provider", provider)
	}
	if err := named.Check(ctx, rd.Config, r.Directories.Source, blind); err != nil {
		return nil, err
	}
	if err := rd.checkFresh(ctx); err != nil {
		return nil, err
	}
	if err := rd.checkReadable(ctx); err != nil {
		return nil, err
	}
	if err := rd.lookAtMappings(ctx); err != nil {
		return nil, err
	}
	if err := rd.lookAtTenant(ctx); err != nil {
		return nil, err
	}
	return rd, rd.compareClocks(ctx)
}

// identify fills in the header: directories, and the lineage of the record.
func (r *Reading) identify(ctx context.Context, lineage string) error {
	m := r.run.Record.Meta()
	domain, others, err := r.run.home(ctx, m.SourceSID)
	if err != nil {
		return err
	}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return err
	}
	if r.Settings.Organization, err = tenant.Organization(ctx); err != nil {
		return err
	}
	r.Header = planner.Header{FormatVersion: planner.FormatVersion, DirformVersion: r.run.Version,
		Snapshot:  r.run.Snapshot,
		CreatedAt: r.run.made().UTC().Format("2006-01-02T15:04:05Z"), ConfigDigest: r.Config.Digest,
		Source: planner.SourceID{Domain: domain.Name, SID: domain.SID, Others: others}, Tenant: planner.TenantID{ID: r.Settings.Organization.ID}}
	if r.Header.State, err = r.recordID(m, domain, lineage); err != nil {
		return err
	}
	r.Settings.Key = m.Key
	if r.Settings.FirstRun = !m.Exists; r.Settings.FirstRun { // the apply that makes the record keeps it
		r.Settings.Key, err = r.run.newKey()
	}
	return err
}

// recordID is the lineage and serial of the record, which must belong to the directories that are read. Where it belongs to another
// domain, and the rules say that accounts move to this one, the header says from where.
func (r *Reading) recordID(m store.Meta, domain providers.Domain, lineage string) (planner.StateID, error) {
	if !m.Exists {
		var err error
		if lineage == "" {
			lineage, err = store.NewLineage()
		}
		return planner.StateID{Lineage: lineage}, err
	}
	moves := m.SourceSID != domain.SID
	switch {
	case m.TenantID != r.Settings.Organization.ID, moves && !relinks(r.Config):
		return planner.StateID{}, r.otherDirectories(m, domain)
	case moves:
		r.Header.Source.MovesFrom = m.SourceSID
	}
	r.moved = moves || m.FormerSID != ""
	return planner.StateID{Lineage: m.Lineage, Serial: m.Serial}, nil
}

// relinks reports whether the configuration says that accounts move to another domain.
func relinks(cfg *config.Config) bool {
	return slices.ContainsFunc(cfg.Policies, func(p *config.LinkPolicy) bool { return p.ForeignAnchor == "relink" })
}

func (r *Reading) otherDirectories(m store.Meta, domain providers.Domain) error {
	e := &fault.Error{Summary: "The state belongs to other directories",
		Detail: visible.Sprintf("It records links between domain %s and tenant %s; the configuration "+
			"reads domain %s (%s) and tenant %s.",
			m.SourceSID, m.TenantID, domain.SID, domain.Name, r.Settings.Organization.ID),
		Hint: "Point the providers at the directories the state was made for, or give this configuration a state file of its own."}
	if m.TenantID == r.Settings.Organization.ID {
		e.Hint += " If the accounts are to move to this domain, say so with foreign_anchor = \"relink\" in the link policy."
	}
	return e
}

// home is the domain that a state belongs to: of the configuration's domains the one with the SID recorded, else the first. The
// names of the others follow.
func (r *Run) home(ctx context.Context, recorded string) (home providers.Domain, others []string, err error) {
	var domains []providers.Domain
	for _, p := range r.Config.AD {
		src, err := r.Directories.Source(ctx, p)
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

// lookAtTenant reads domains and who holds roles.
func (r *Reading) lookAtTenant(ctx context.Context) error {
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return err
	}
	if r.Settings.Domains, err = tenant.Domains(ctx); err != nil {
		return err
	}
	if r.Settings.Identity, err = tenant.Identity(ctx); err != nil {
		return err
	}
	r.Settings.RoleHolders, err = tenant.RoleHolders(ctx)
	if err != nil && forbidden(err) && !slices.ContainsFunc(r.Config.Policies, func(p *config.LinkPolicy) bool { return p.Privileged != "allow" }) {
		r.Settings.Findings = append(r.Settings.Findings, reconcile.UnreadableRoles(err)) // no policy protects anybody for a role
		err = nil
	}
	if err != nil {
		return err
	}
	return r.lookAtSwitches(ctx, tenant)
}

// lookAtSwitches reads what the tenant allows sync clients. An application may not, so it does not ask; then, and whenever they
// are refused, nothing follows from them.
func (r *Reading) lookAtSwitches(ctx context.Context, tenant providers.TenantReader) (err error) {
	log := r.run.log()
	if id := r.Settings.Identity; id.ID != "" && !id.User {
		log.Info("the tenant's switches for sync clients are shown to people only")
		return nil
	}
	r.Settings.SyncFeatures, err = tenant.SyncFeatures(ctx)
	var refused *providers.ServiceError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound: // nobody has given the permission, or this cloud has no such thing
		log.Info("the tenant's switches for sync clients cannot be read", "status", refused.Status)
		return nil
	}
	return err
}

func forbidden(err error) bool {
	var e *providers.ServiceError
	return errors.As(err, &e) && e.Status == http.StatusForbidden
}
