package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/internal/required"
)

// decodeSettings reads the dirform block.
func (l *loader) decodeSettings() {
	for _, b := range l.byType["dirform"] {
		// The state block is the only nested block with a label.
		c := l.content(b, grammar["dirform"])
		l.checkVersion(c)
		if in := c.inner["state"]; in != nil && l.labels(in, blockType{name: "state", labels: []string{"type"}}) {
			l.decodeState(in)
		}
		if in := c.inner["encryption"]; in != nil && l.labels(in, blockType{name: "encryption"}) {
			l.decodeEncryption(in)
		}
	}
}

func (l *loader) decodeState(b *hclsyntax.Block) {
	switch b.Labels[0] {
	case "file":
		l.cfg.StatePath = l.content(b, grammar["dirform.state"]).text("path")
	case "postgres":
		l.cfg.StatePath = ""
		s := l.content(b, grammar["dirform.state.postgres"])
		db := &Database{Name: s.text("name"), DeclaredAt: place(b.DefRange())}
		if s.has("url") && s.given("url") {
			db.URL = s.text("url")
		}
		if s.ok && db.URL != "" && db.Name != "" {
			l.cfg.StateDatabase = db
		}
	case Azure, S3, GCS:
		l.cfg.StatePath, l.cfg.StateBucket = "", l.decodeBucket(b)
	default:
		l.fail(&b.LabelRanges[0], "Unknown state storage", "The state is in a local file, state \"file\" { path = … }, in a database, "+
			"state \"postgres\" { url = … name = … }, or in an object store, state \"azure\" { url = … }, "+
			"state \"s3\" { bucket = … key = … } or state \"gcs\" { bucket = … object = … }.")
	}
}

// Database is where a state is that a team shares.
type Database struct {
	URL        string // a secret: it may hold a password
	Name       string // of the state, of several in one database
	DeclaredAt string // file:line
}

// StateName is how messages name where the state is.
func (c *Config) StateName() string {
	switch {
	case c.StateDatabase != nil:
		return c.StateDatabase.Name + " in PostgreSQL"
	case c.StateBucket != nil && c.StateBucket.Type == Azure:
		address, _, _ := strings.Cut(c.StateBucket.URL, "?") // without what may be a signature
		return address
	case c.StateBucket != nil:
		return c.StateBucket.Object + " in the bucket " + c.StateBucket.Bucket
	}
	return c.StatePath
}

// Shared reports whether the state is no local file.
func (c *Config) Shared() bool { return c.StateDatabase != nil || c.StateBucket != nil }

// settings reads as much of a configuration as the dirform block needs. Mistakes elsewhere, and variables without values that
// it does not use, are none: of the diagnostics, those from elsewhere on count. The loader is broken if the files are.
func settings(o Options) (l *loader, elsewhere int) {
	o.ValuesOptional = true
	l = newLoader(o)
	if l.readFiles(); l.broken {
		return l, 0
	}
	l.sortBlocks()
	elsewhere = len(l.diags)
	l.decodeVariables()
	l.decodeLocals()
	l.decodeSettings()
	return l, elsewhere
}

// StatePlace is where the state is, for commands that need nothing else of a configuration: of what it gives only StatePath,
// relative to the folder, StateDatabase and StateBucket are set, and none of them after the diagnostics' errors. Mistakes
// elsewhere, and variables without values that the path does not use, are none.
func StatePlace(o Options) (*Config, hcl.Diagnostics) {
	l, elsewhere := settings(o)
	at := &Config{Dir: o.Dir, StatePath: l.cfg.StatePath, StateDatabase: l.cfg.StateDatabase, StateBucket: l.cfg.StateBucket}
	switch {
	case l.broken:
		return &Config{}, hcl.Diagnostics(l.diags)
	case at.StatePath != "" || at.Shared():
		return at, nil
	}
	return at, missing(l.diags[elsewhere:], "Where the state is depends on a value that is missing",
		"The state block uses a variable without a value. Give it one with --var NAME=VALUE, --var-file FILE "+
			"or in the environment, or name the file: --state FILE.")
}

// missing are the diagnostics about a setting that has no value; if they say nothing, that a variable's is missing.
func missing(diags report.List, summary, detail string) hcl.Diagnostics {
	if !hcl.Diagnostics(diags).HasErrors() {
		diags.Fail(nil, summary, "%s", detail)
	}
	return hcl.Diagnostics(diags)
}

// checkVersion compares dirform's version with required_version.
func (l *loader) checkVersion(c *content) {
	text := c.text("required_version")
	if text == "" {
		return
	}
	switch met, err := required.Met(text, l.o.Version); {
	case err != nil:
		c.bad("required_version", "Invalid version constraint", "%s is not a constraint. Write it like \">= 0.1\" or \"~> 1.2\"; "+
			"commas join several.", c.shown("required_version", text))
	case !met:
		c.bad("required_version", "Wrong version of dirform", "This configuration asks for dirform %s, and this is %s. Install a "+
			"version that fits, or change the constraint if you know that it need not be so.", text, l.o.Version)
	}
}
