package open

import (
	"cmp"
	"net/url"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/logged"
	"github.com/dirform/dirform/state/store"
)

// What --log-level shows: info says what is opened, read and written, how much of it and how long it took; debug says so of every
// request to a directory. Both are for sharing, so neither names people, nor what stands in an attribute, a filter or a secret.

// logSource gives r the log, if somebody reads it.
func logSource(a *cli.App, r providers.SourceReader, p *config.ADProvider, cfg ad.Config, started time.Time) providers.SourceReader {
	if !a.LogsInfo() {
		return r
	}
	var hosts []string
	for _, u := range cfg.URLs {
		hosts = append(hosts, host(u))
	}
	log := a.Logger().With("provider", p.Name)
	log.Info("Active Directory opened", "hosts", hosts, "took", logged.Since(started))
	return logged.Source(r, log)
}

// logTenant gives r the log, if somebody reads it.
func logTenant(a *cli.App, r *entra.Reader, p *config.EntraProvider, cfg entra.Config, started time.Time) providers.TenantReader {
	if !a.LogsInfo() {
		return r
	}
	log := a.Logger().With("provider", p.Name)
	log.Info("tenant opened", "host", tenantHost(cfg), "tenant", cfg.TenantID, "took", logged.Since(started))
	return logged.Tenant(r, log)
}

// logRequests notes what a reader or writer of a tenant has asked of the service, when it is closed.
func logRequests(a *cli.App, what string, s entra.Stats) {
	a.Logger().Info(what, "requests", s.Requests, "reads", s.Reads, "writes", s.Writes, "batches", s.Batches, "retries", s.Retries, "throttled", s.Throttled)
}

// logRecord notes that a record was opened.
func logRecord(a *cli.App, what string, s store.Record) {
	m := s.Meta()
	a.Logger().Info(what, "exists", m.Exists, "lineage", m.Lineage, "serial", m.Serial)
}

// tenantHost is where a tenant is asked: the host of its endpoint, or the cloud by its name.
func tenantHost(cfg entra.Config) string {
	if cfg.Endpoint != "" {
		return host(cfg.Endpoint)
	}
	return cmp.Or(cfg.Environment, "global")
}

// host is an address without what else a URL may hold.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unreadable"
	}
	return u.Host
}
