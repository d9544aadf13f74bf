package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/config/internal/source"
	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/state"
)

// DefaultStatePath is where the state is if no dirform block says otherwise.
const DefaultStatePath = "dirform.dfstate"

// Schemas are the attribute schemas that mappings are checked against. A function may be nil or give nil for a kind, which means
// that nothing is known: any name is accepted then and holds a text.
type Schemas struct {
	Source, Tenant func(state.Kind) *state.Schema
}

// Options say what to load and with which values.
type Options struct {
	Dir      string            // folder with the *.hcl files; default the working directory
	Vars     map[string]string // --var NAME=VALUE
	VarFiles []string          // --var-file, later ones win; relative to the working directory
	Environ  []string          // NAME=VALUE: DIRFORM_VAR_NAME and DIRFORM_SECRET_NAME, and what env() looks into
	Schemas  Schemas
	// ValuesOptional needs no values for required variables. What depends on them is left out: the result is not fit for planning.
	ValuesOptional bool
	// Secretless leaves out what credentials hold, and needs no value for a sensitive variable: for tests, which connect to nothing.
	Secretless bool
	// SecretsOptional needs no values for what only credentials other than the encryption block's are made of, for snapshots.
	SecretsOptional bool
	Elsewhere       bool // values may be meant for variables of another configuration
	// Former is what a file, of that name, says about where the state was, in place of the folder's dirform block; nil for none.
	Former     []byte
	FormerName string
	Version    string // dirform's own, checked against required_version; not checked if empty
}

// Load reads all *.hcl files of a folder but *.dirtest.hcl and checks them completely: no network, no directory. The
// configuration is never nil, so that [WriteDiagnostics] can have its Files, but may be used only if the diagnostics have no
// errors. All mistakes are reported at once as far as they don't follow from each other: of a file whose syntax is broken only
// the first, and then nothing of what the blocks mean, because any of them may have been misread.
func Load(o Options) (*Config, hcl.Diagnostics) {
	l := newLoader(o)
	l.readFiles()
	if l.broken || hcl.Diagnostics(l.diags).HasErrors() && len(l.blocks) == 0 {
		return l.finish()
	}
	l.secrets.Note(l.cfg.Files)
	l.sortBlocks()
	l.decodeVariables()
	l.decodeLocals()
	l.decodeSettings()
	l.decodeProviders()
	l.decodeSuffixes()
	l.decodeDirectorySync()
	l.decodeScopes()
	l.decodeMappings()
	l.decodePolicies()
	l.decodeLinks()
	l.decodeGuards()
	l.needEncryption()
	return l.finish()
}

// loader collects the configuration and the diagnostics.
type loader struct {
	o      Options
	cfg    *Config
	diags  report.List
	blocks []*hclsyntax.Block // top-level, in order
	byType map[string][]*hclsyntax.Block
	lib    *expr.Library
	vars   map[string]cty.Value // evaluation context: "var" and "local"
	slots  map[state.Kind]*expr.Slots
	tenant map[state.Kind]*state.Schema // see tenantSchema

	secrets *sensitive.Keeper
	broken  bool // a file could not be read or parsed, or a block not understood, so that names may be missing
}

func newLoader(o Options) *loader {
	if o.Dir == "" {
		o.Dir = "."
	}
	l := &loader{
		o:      o,
		cfg:    &Config{Dir: o.Dir, StatePath: DefaultStatePath, SourceShapes: map[state.Kind]*state.Shape{}},
		byType: map[string][]*hclsyntax.Block{},
		lib:    expr.NewLibrary(o.Environ),
		vars:   map[string]cty.Value{"var": cty.EmptyObjectVal, "local": cty.EmptyObjectVal},
		slots:  map[state.Kind]*expr.Slots{},
		tenant: map[state.Kind]*state.Schema{},
	}
	l.secrets = sensitive.New(&l.diags)
	return l
}

// readFiles parses the folder's files.
func (l *loader) readFiles() {
	f := source.Read(l.o.Dir, &l.diags)
	if l.o.Former != nil {
		l.cfg.StatePath = ""
		f.Former(l.o.FormerName, l.o.Former, &l.diags)
	}
	l.cfg.Files, l.cfg.Digest, l.blocks, l.broken = f.Files, f.Digest, f.Blocks, f.Broken
	for _, a := range f.Stray {
		l.fail(&a.NameRange, "Unknown argument", "The argument %q stands outside of any block. A configuration is "+
			"made of blocks: %s.", a.Name, strings.Join(blockTypes(), ", "))
	}
}

// finish freezes the shapes and orders the diagnostics by place.
func (l *loader) finish() (*Config, hcl.Diagnostics) {
	l.kindSlots(state.User)
	for kind, slots := range l.slots {
		l.cfg.SourceShapes[kind] = slots.Freeze()
	}
	l.secrets.Finish()
	l.cfg.Secrets, l.cfg.Hidden = l.secrets.Secrets(l.vars["var"], l.o.Environ), l.secrets.Names()
	diags := hcl.Diagnostics(l.diags)
	report.Sort(diags)
	return l.cfg, diags
}

// MatchedBy are the attributes of the source by which accounts are found, mapped or not.
var MatchedBy = []string{"userPrincipalName", "mail", "proxyAddresses"}

// kindSlots are the slots of one kind, which begin with what matching and findings need of every object.
func (l *loader) kindSlots(kind state.Kind) *expr.Slots {
	if s := l.slots[kind]; s != nil {
		return s
	}
	s := expr.NewSlots()
	s.Add(MatchedBy)
	s.Add([]string{"sAMAccountName", "displayName", "userAccountControl", AnchorConsistencyGUID, system.Recipient})
	l.slots[kind] = s
	return s
}

func (l *loader) sourceSchema(kind state.Kind) *state.Schema {
	if l.o.Schemas.Source == nil {
		return nil
	}
	return l.o.Schemas.Source(kind)
}

// tenantSchema is asked for once per kind: attributes of two mappings are the same if they are the same value.
func (l *loader) tenantSchema(kind state.Kind) *state.Schema {
	if l.o.Schemas.Tenant == nil {
		return nil
	}
	s, ok := l.tenant[kind]
	if !ok {
		s = l.o.Schemas.Tenant(kind)
		l.tenant[kind] = s
	}
	return s
}
