// Package lab is both directories in miniature: a real LDAP server and a real Microsoft Graph server, in this process, on
// loopback. They are seeded from a folder, keep what is written to them in another, and behave as the services are documented
// to, so that the same provider code runs against them over the same wire.
//
// A seed folder holds corp.ldif (LDIF content records), tenant.json (Graph's own JSON shapes), or both:
//
//	l, err := lab.Open(lab.Options{Seed: "examples/first", Data: ".dirform/lab"})
//	ad, err := l.ServeAD()       // ldaps://127.0.0.1:…, bind DN, password, CA file
//	entra, err := l.ServeEntra() // https://127.0.0.1:…/v1.0, client id and secret, CA file
//
// The seed is never written. Every write is journaled to the data folder before its client gets the reply, and replayed onto
// the seed by the next Open; deleting the data folder is back to the seed. [Generate] writes seeds of any size.
package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/internal/ldapd"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/inside"
)

// The files of a seed folder.
const (
	ADSeed     = "corp.ldif"
	TenantSeed = "tenant.json"
)

// defaultDomain is the source's domain when the seed has no corp.ldif.
const defaultDomain = "corp.contoso.com"

// Options say where a lab lives.
type Options struct {
	Seed   string  // folder with corp.ldif and/or tenant.json
	People *People // generated users instead of a seed
	Data   string  // folder for what is written later, made if missing; "" keeps it in memory only
	// Home is a folder that Data lies below: a link on the way from there that leads out of it is refused. "" is Data itself.
	Home      string
	ADAddr    string // where ServeAD listens, a loopback address; "" is 127.0.0.1:0
	EntraAddr string // where ServeEntra listens; likewise
	Gzip      bool   // the tenant's replies are compressed for clients that take it
	// Now is the time that the served directories tell their clients, time.Now if nil: a lab that is played on
	// another day.
	Now func() time.Time
	// Record is a folder to write what the tenant is asked and answers to, for contract tests, without credentials;
	// "" is none.
	Record string
}

// Lab is a pair of running directories. It is safe for concurrent use.
type Lab struct {
	opts   Options
	ad     *ldapd.Directory
	tenant *graphd.Tenant
	creds  credentials

	mu         sync.Mutex
	closers    []func() error // run last to first
	data       *inside.Folder // nil if what changes is kept in memory only
	folder     *inside.Folder // of certificates: data or a temporary one; nil until needed
	adAccess   *ADAccess
	adServer   *ldapd.Server
	entra      *EntraAccess
	httpServer *http.Server
	failure    error // the first lost AD journal record
}

// Open loads a seed and replays what was written to it before. The data folder is locked until Close; an error about the lock
// names who holds it.
func Open(o Options) (*Lab, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Lab{opts: o}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Lab) open() error {
	if err := l.checkSeed(); err != nil {
		return err
	}
	if l.opts.Data != "" {
		var err error
		if l.data, err = l.opts.makeData(); err != nil {
			return fmt.Errorf("the lab's data folder can't be made: %w", err)
		}
		l.closers = append(l.closers, l.data.Close)
		unlock, err := lockFolder(l.data)
		if err != nil {
			return err
		}
		l.closers = append(l.closers, unlock)
	}
	var err error
	if l.creds, err = loadCredentials(l.data); err != nil {
		return err
	}
	var adJournal, tenantJournal *journal
	var g errgroup.Group
	g.Go(func() (err error) {
		defer crash.Guard()
		adJournal, err = l.loadAD()
		return err
	})
	g.Go(func() (err error) {
		defer crash.Guard()
		tenantJournal, err = l.loadTenant()
		return err
	})
	err = g.Wait()
	for _, j := range []*journal{adJournal, tenantJournal} {
		if j != nil {
			l.closers = append(l.closers, j.close)
		}
	}
	return err
}

// makeData opens the data folder, and makes it if it is missing.
func (o *Options) makeData() (*inside.Folder, error) {
	if o.Home != "" {
		return inside.Make(o.Home, o.Data)
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, err
	}
	return inside.Make(o.Data, o.Data)
}

func (l *Lab) checkSeed() error {
	if p := l.opts.People; p != nil {
		return p.check(p.Users)
	}
	if info, err := os.Stat(l.opts.Seed); err != nil || !info.IsDir() {
		return fmt.Errorf("the lab's seed folder %s does not exist; make one with \"dirform lab generate\" or put %s and %s into it",
			l.opts.Seed, ADSeed, TenantSeed)
	}
	for _, name := range []string{ADSeed, TenantSeed} {
		if _, err := os.Stat(filepath.Join(l.opts.Seed, name)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s holds neither %s nor %s, so there is nothing to serve; put at least one of them there", l.opts.Seed, ADSeed, TenantSeed)
}

// loadAD fills the source and starts its journal, nil without a data folder.
func (l *Lab) loadAD() (*journal, error) {
	if err := l.seedAD(); err != nil || l.data == nil {
		return nil, err
	}
	j, err := openJournal(l.data, "corp.journal", func(line []byte) error {
		var c ldapd.Change
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		return l.ad.Apply(c)
	})
	if err != nil {
		return nil, err
	}
	l.ad.OnChange(func(c ldapd.Change) {
		b, err := json.Marshal(c)
		if err == nil {
			err = j.append(b)
		}
		if err != nil {
			l.failAD(err)
		}
	})
	return j, nil
}

// seedAD loads the LDIF file or makes people; without either the source is an empty domain.
func (l *Lab) seedAD() (err error) {
	people := l.opts.People
	if people == nil {
		people = generated(l.opts.Seed, ADSeed)
	}
	if people != nil {
		l.ad, err = people.source()
		return err
	}
	path := filepath.Join(l.opts.Seed, ADSeed)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		l.ad = ldapd.New(defaultDomain)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	domain, err := ldapd.DomainOf(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	l.ad = ldapd.New(domain)
	return l.ad.LoadLDIF(f, path)
}

// failAD stops the LDAP server: what it can't journal it must not go on acknowledging.
func (l *Lab) failAD(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		return
	}
	l.failure = notKept(err)
	if l.adServer != nil {
		server := l.adServer
		go func() { // not here: the server waits for the write that is being journaled
			defer crash.Guard()
			server.Close()
		}()
	}
}

// loadTenant fills the tenant and starts its journal.
func (l *Lab) loadTenant() (*journal, error) {
	l.tenant = graphd.New(graphd.Options{Tells: l.opts.Now, Gzip: l.opts.Gzip,
		ClientID: clientID, ClientSecret: l.creds.ClientSecret, AccessToken: l.creds.AccessToken})
	if err := l.seedTenant(); err != nil || l.data == nil {
		return nil, err
	}
	j, err := openJournal(l.data, "tenant.journal", func(line []byte) error {
		return l.tenant.Apply(bytes.Clone(line))
	})
	if err != nil {
		return nil, err
	}
	l.tenant.OnChange(func(c json.RawMessage) error { return j.append(c) })
	return j, nil
}

// seedTenant loads the JSON file or makes people; without either the tenant is an empty one.
func (l *Lab) seedTenant() error {
	people := l.opts.People
	if people == nil {
		people = generated(l.opts.Seed, TenantSeed)
	}
	if people != nil {
		return people.fill(l.tenant)
	}
	path := filepath.Join(l.opts.Seed, TenantSeed)
	var seed io.Reader = strings.NewReader("{}")
	f, err := os.Open(path)
	switch {
	case err == nil:
		defer f.Close()
		seed = f
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	return l.tenant.LoadSeed(seed, path)
}

// AD is the source directory.
func (l *Lab) AD() *ldapd.Directory { return l.ad }

// Tenant is the tenant.
func (l *Lab) Tenant() *graphd.Tenant { return l.tenant }

// Close stops both servers and releases the data folder.
func (l *Lab) Close() error {
	l.mu.Lock()
	adServer, httpServer, closers, err := l.adServer, l.httpServer, l.closers, l.failure
	l.adServer, l.httpServer, l.closers, l.failure = nil, nil, nil, nil
	l.mu.Unlock()
	if adServer != nil {
		err = errors.Join(err, adServer.Close())
	}
	if httpServer != nil {
		err = errors.Join(err, httpServer.Close())
	}
	for i := len(closers) - 1; i >= 0; i-- {
		err = errors.Join(err, closers[i]())
	}
	return err
}
