package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/state"
)

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
	// ValuesOptional checks the configuration without values for its required variables, as validate does in a pull request,
	// where secrets are out of reach. What depends on them is left out of the result, which is not fit for planning then.
	ValuesOptional bool
	Version        string // dirform's own, checked against required_version; not checked if empty
}

// Load reads all *.hcl files of a folder but *.dirtest.hcl and checks them completely: no network, no directory. The
// configuration is never nil, so that [WriteDiagnostics] can have its Files, but may be used only if the diagnostics have no
// errors. All mistakes are reported at once as far as they don't follow from each other: of a file whose syntax is broken only
// the first, and then nothing of what the blocks mean, because any of them may have been misread.
func Load(o Options) (*Config, hcl.Diagnostics) {
	l := newLoader(o)
	l.readFiles()
	if l.broken || l.diags.HasErrors() && len(l.blocks) == 0 {
		return l.finish()
	}
	l.asked = l.envNames()
	l.sortBlocks()
	l.decodeSettings()
	l.decodeVariables()
	l.decodeLocals()
	l.decodeProviders()
	l.decodeSuffixes()
	l.decodeDirectorySync()
	l.decodeScopes()
	l.decodeMappings()
	l.decodePolicies()
	l.decodeLinks()
	l.decodeGuards()
	return l.finish()
}

// loader collects the configuration and the diagnostics.
type loader struct {
	o      Options
	cfg    *Config
	diags  hcl.Diagnostics
	blocks []*hclsyntax.Block // top-level, in order
	byType map[string][]*hclsyntax.Block
	lib    *expr.Library
	vars   map[string]cty.Value // evaluation context: "var" and "local"
	slots  map[state.Kind]*expr.Slots
	tenant map[state.Kind]*state.Schema // see tenantSchema

	secretVars   map[string]*secret // sensitive variables
	secretLocals map[string]*secret // local values made of them or of env()
	secretRanges []hcl.Range        // literal secrets: source lines that no diagnostic may show
	judgements   map[hclsyntax.Expression]judged
	asked        []string        // what env() is asked for
	secretExprs  []hcl.Range     // expressions that compute something from sensitive values
	secretFailed bool            // at least one of them fails
	broken       bool            // a file could not be read or parsed, or a block not understood, so that names may be missing
	failed       map[string]bool // declared names whose block had errors, such as "scope.staff"
}

func newLoader(o Options) *loader {
	if o.Dir == "" {
		o.Dir = "."
	}
	return &loader{
		o:      o,
		cfg:    &Config{Dir: o.Dir, StatePath: DefaultStatePath, Files: map[string]*hcl.File{}, SourceShapes: map[state.Kind]*state.Shape{}},
		byType: map[string][]*hclsyntax.Block{},
		lib:    expr.NewLibrary(o.Environ),
		vars:   map[string]cty.Value{"var": cty.EmptyObjectVal, "local": cty.EmptyObjectVal},
		slots:  map[state.Kind]*expr.Slots{},
		tenant: map[state.Kind]*state.Schema{},

		secretVars: map[string]*secret{}, secretLocals: map[string]*secret{}, judgements: map[hclsyntax.Expression]judged{}, failed: map[string]bool{},
	}
}

// finish freezes the shapes and orders the diagnostics by place.
func (l *loader) finish() (*Config, hcl.Diagnostics) {
	l.kindSlots(state.User)
	for kind, slots := range l.slots {
		l.cfg.SourceShapes[kind] = slots.Freeze()
	}
	l.tellFailedSecrets()
	l.hideSecrets()
	l.cfg.Secrets = l.secrets()
	report.Sort(l.diags)
	return l.cfg, l.diags
}

// kindSlots are the slots of one kind, which begin with what matching and findings need of every object.
func (l *loader) kindSlots(kind state.Kind) *expr.Slots {
	if s := l.slots[kind]; s != nil {
		return s
	}
	s := expr.NewSlots()
	for _, name := range []string{"userPrincipalName", "mail", "proxyAddresses", "sAMAccountName", "displayName", "userAccountControl", AnchorConsistencyGUID} {
		s.Slot(name)
	}
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
