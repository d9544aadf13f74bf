package dirtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/near"
)

// Files are the names of a folder's test files, sorted.
func Files(dir string) ([]string, error) {
	names, err := declared.Files(dir)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, Suffix) }), err
}

// Load reads test files of a folder and checks them by themselves, without the configuration. The error is that of a
// file that cannot be read; what is wrong in files are diagnostics.
func Load(dir string, names []string) (*Suite, hcl.Diagnostics, error) {
	s := &Suite{Files: map[string]*hcl.File{}}
	d := &decoder{lib: expr.NewLibrary(nil), files: s.Files}
	for _, name := range names {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(dir, name)
		}
		src, err := bounds.ReadFile(path, bounds.ConfigFile)
		if err == nil {
			err = config.Foreign(path, src)
		}
		if err != nil {
			return nil, nil, err
		}
		file, diags := config.Parse(src, name)
		if file != nil {
			s.Files[name] = file
		}
		if diags.HasErrors() {
			d.diags = append(d.diags, config.SyntaxError(src, diags)...)
			continue
		}
		s.Tests = append(s.Tests, d.file(file.Body.(*hclsyntax.Body), name)...)
	}
	slices.SortStableFunc(d.diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(strings.Compare(a.Subject.Filename, b.Subject.Filename),
			a.Subject.Start.Byte-b.Subject.Start.Byte)
	})
	return s, d.diags, nil
}

// file reads the tests of a file.
func (d *decoder) file(body *hclsyntax.Body, name string) (tests []*Test) {
	c := d.body("", body, body.SrcRange, grammar[""])
	shared := &Test{File: name}
	d.common(c, shared)
	first := map[string]string{}
	for _, b := range c.inner {
		if b.Type != "test" {
			continue
		}
		in := d.block(b)
		t := &Test{Name: in.label, File: name, DeclaredAt: place(b.DefRange()),
			Variables: maps.Clone(shared.Variables), Now: shared.Now,
			Domains: shared.Domains, Suffixes: shared.Suffixes}
		if at := first[t.Name]; at != "" {
			d.fail(b.DefRange(), "Declared twice", "The test %q was declared before, at %s. Rename one of the two.",
				t.Name, at)
		}
		first[t.Name] = t.DeclaredAt
		d.test(in, t, shared)
		tests = append(tests, t)
	}
	return tests
}

// common reads what may stand in a test and for all tests of a file.
func (d *decoder) common(c *content, t *Test) {
	if c.has("now") {
		t.Now = c.moment("now")
	}
	if c.has("domains") {
		t.Domains = c.texts("domains")
	}
	if c.has("upn_suffixes") {
		t.Suffixes = c.texts("upn_suffixes")
	}
	for _, p := range c.pairs["variables"] {
		if t.Variables == nil {
			t.Variables = map[string]string{}
		}
		if v, ok := d.value(p.expr); ok {
			t.Variables[p.name] = asText(v)
		}
	}
	declaredAt := map[string]string{}
	twice := func(b *hclsyntax.Block, label, at string) {
		key := b.Type + " " + label
		if first := declaredAt[key]; first != "" {
			d.fail(b.DefRange(), "Declared twice",
				"%s %q was declared before, at %s. Rename or remove one of the two.", b.Type, label, first)
		}
		declaredAt[key] = at
	}
	for _, b := range c.inner {
		switch b.Type {
		case "source":
			s := d.source(b)
			twice(b, s.Label, s.DeclaredAt)
			t.Sources = append(t.Sources, s)
		case "account":
			a := d.account(b)
			twice(b, a.Label, a.DeclaredAt)
			t.Accounts = append(t.Accounts, a)
		}
	}
}

// asText is a value as --var takes it.
func asText(v cty.Value) string {
	if v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		return v.AsString()
	}
	return string(hclwrite.TokensForValue(v).Bytes())
}

// moment is an argument that is a time or a day.
func (c *content) moment(name string) time.Time {
	text := c.text(name)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	if text != "" {
		c.d.fail(c.attrs[name].Expr.Range(), "Not a time",
			"%s is a time, such as \"2026-03-01T12:00:00Z\", or a day, \"2026-03-01\".", name)
	}
	return time.Time{}
}

// test reads a test block. What is shared by the file comes first, and what the test names itself takes its place.
func (d *decoder) test(c *content, t, shared *Test) {
	d.common(c, t)
	for _, s := range slices.Backward(shared.Sources) {
		if !slices.ContainsFunc(t.Sources, func(own *Source) bool { return own.Label == s.Label }) {
			t.Sources = slices.Insert(t.Sources, 0, s)
		}
	}
	for _, a := range slices.Backward(shared.Accounts) {
		if !slices.ContainsFunc(t.Accounts, func(own *Account) bool { return own.Label == a.Label }) {
			t.Accounts = slices.Insert(t.Accounts, 0, a)
		}
	}
	t.FirstRun, t.Targets, t.Excludes, t.Allow = c.flag("first_run"), c.texts("targets"), c.texts("excludes"), c.counts("allow", limits.Names())
	if c.has("directory_sync") {
		on := c.flag("directory_sync")
		t.SyncOn = &on
	}
	d.links(c, t)
	for _, b := range c.inner {
		if b.Type == "expect" {
			t.Expect = d.expect(b, t)
		}
	}
	if t.Expect == nil {
		d.fail(c.at, "Nothing expected",
			"The test has no expect block, so it could never fail. An empty one, expect {}, expects that nothing is to be done.")
	}
}

// links checks what accounts are linked to.
func (d *decoder) links(c *content, t *Test) {
	var labels []string
	for _, s := range t.Sources {
		labels = append(labels, s.Label)
	}
	first := map[string]*Account{}
	for _, a := range t.Accounts {
		if other := first[a.LinkedTo]; other != nil && a.LinkedTo != "" {
			d.fail(c.at, "Linked twice",
				"Accounts %q (%s) and %q (%s) are both linked to %q, and the record knows one account of each object. Remove "+
					"linked_to from one of the two.", other.Label, other.DeclaredAt, a.Label, a.DeclaredAt, a.LinkedTo)
		}
		first[a.LinkedTo] = a
		if a.LinkedTo != "" && !slices.Contains(labels, a.LinkedTo) {
			d.fail(c.at, "Link to nobody",
				"Account %q (%s) is linked to %q, and the test has no source of that name.%s", a.Label, a.DeclaredAt,
				a.LinkedTo, near.DidYouMean(a.LinkedTo, labels))
		}
		if a.LinkedTo != "" && t.FirstRun {
			d.fail(c.at, "Link before the first run",
				"Account %q (%s) is linked to %q, and with first_run = true there is no record that could know. "+
					"Remove one of the two.", a.Label, a.DeclaredAt, a.LinkedTo)
		}
	}
}

// kinds are those that objects may be of; the first is meant where none is named.
var kinds = func() (names []string) {
	for _, d := range state.Kinds {
		if !d.Declared {
			names = append(names, string(d.Kind))
		}
	}
	return names
}()

func (d *decoder) kind(c *content) state.Kind {
	return state.Kind(cmp.Or(c.choice("object", kinds), kinds[0]))
}

func (d *decoder) source(b *hclsyntax.Block) *Source {
	c := d.block(b)
	s := &Source{Label: c.label, Kind: d.kind(c), DN: c.text("dn"), Gone: c.choice("gone", []string{"deleted",
		"unseen"}), DeclaredAt: place(b.DefRange())}
	if schema := providers.ADSchema(state.Kind(s.Kind)); schema != nil {
		s.Attributes = d.attributes(c, "attributes", schema)
	}
	s.spelled = map[string]string{}
	for _, p := range c.pairs["attributes"] {
		s.spelled[strings.ToLower(p.name)] = p.name
	}
	if _, err := dn.Parse(s.DN); err != nil {
		d.fail(c.attrs["dn"].Expr.Range(), "Not a distinguished name",
			"%v. Write one such as CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com.", err)
	}
	return s
}

// units are the letters that a length of time may end in.
var units = map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// age is an argument that is a length of time, 0 if it is not there.
func (c *content) age(name string) time.Duration {
	text := c.text(name)
	if text == "" {
		return 0
	}
	end := len(text) - 1
	n, err := strconv.ParseUint(text[:end], 10, 14)
	if err != nil || n == 0 || units[text[end]] == 0 {
		c.d.fail(c.attrs[name].Expr.Range(), "Not a length of time",
			"%s is how long ago the object left its scope: \"40d\", \"2w\" or \"72h\".", name)
	}
	return time.Duration(n) * units[text[end]]
}

func (d *decoder) account(b *hclsyntax.Block) *Account {
	c := d.block(b)
	a := &Account{Label: c.label, Kind: d.kind(c), LinkedTo: c.text("linked_to"), Scope: c.text("scope"),
		Deleted: c.flag("deleted"),
		Mailbox: c.flag("mailbox"), Roles: c.texts("roles"), Left: c.age("left"), DeclaredAt: place(b.DefRange())}
	if schema := providers.TenantSchema(a.Kind); schema != nil {
		a.Attributes, a.Applied = d.attributes(c, "attributes", schema), d.attributes(c, "applied", schema)
	}
	for _, name := range []string{"scope", "left"} {
		if c.has(name) && a.LinkedTo == "" {
			d.fail(c.attrs[name].NameRange, "Not linked",
				"%s is about what the record knows of the account, and it is linked to nothing. Add linked_to, or remove %s.", name, name)
		}
	}
	if c.pairs["applied"] != nil && a.LinkedTo == "" {
		d.fail(c.at, "Not linked",
			"applied is what the last apply wrote to the account, and it is linked to nothing. Add linked_to, or remove applied.")
	}
	return a
}

// attributes are a map of attributes of a schema, by names in small letters.
func (d *decoder) attributes(c *content, name string, schema *state.Schema) map[string]state.Value {
	list, there := c.pairs[name]
	if !there {
		return nil
	}
	values := map[string]state.Value{}
	for _, p := range list {
		a := schema.Lookup(p.name)
		if a == nil {
			hint := near.DidYouMean(p.name, schema.Names())
			if hint != "" || !schema.Open {
				d.fail(p.at, "Unknown attribute", "A %s in %s has no attribute %q.%s", schema.Kind,
					map[string]string{"ad": "Active Directory",
						"entra": "the tenant"}[schema.Directory], p.name, hint)
				continue
			}
			a = &state.Attribute{Name: p.name}
		}
		v, ok := d.value(p.expr)
		if !ok {
			continue
		}
		converted, err := valueOf(a, v, schema.Open && schema.Lookup(p.name) == nil)
		if err != nil {
			d.fail(p.expr.Range(), "Wrong type", "%s %v.", a.Name, err)
			continue
		}
		values[strings.ToLower(a.Name)] = converted
	}
	return values
}

// valueOf makes a value of an attribute. Of one that is not in the schema it may be a list as well.
func valueOf(a *state.Attribute, v cty.Value, free bool) (state.Value, error) {
	list := v.Type().IsTupleType() || v.Type().IsListType() || v.Type().IsSetType()
	switch {
	case !v.IsWhollyKnown():
		return state.Null(), fmt.Errorf("has no value")
	case v.IsNull():
		return state.Null(), nil
	case list && !a.Multi && !free:
		return state.Null(), fmt.Errorf("holds one value, and this is a list")
	case !list && !a.Multi:
		return single(a, v)
	case !list:
		v = cty.TupleVal([]cty.Value{v})
	}
	var texts []string
	for _, e := range v.AsValueSlice() {
		one, err := single(a, e)
		if err != nil {
			return one, err
		}
		if !one.IsEmpty() {
			texts = append(texts, one.Text())
		}
	}
	if len(texts) == 0 {
		return state.Null(), nil
	}
	return state.List(texts), nil
}

func single(a *state.Attribute, v cty.Value) (state.Value, error) {
	want, what := cty.String, "holds a text"
	switch a.Type {
	case state.TypeBool:
		want, what = cty.Bool, "holds true or false"
	case state.TypeInt:
		want, what = cty.Number, "holds a whole number"
	}
	v, err := convert.Convert(v, want)
	if err != nil || v.IsNull() {
		return state.Null(), fmt.Errorf("%s", what)
	}
	switch a.Type {
	case state.TypeBool:
		return state.Bool(v.True()), nil
	case state.TypeInt:
		n, accuracy := v.AsBigFloat().Int64()
		if accuracy != 0 {
			return state.Null(), fmt.Errorf("%s", what)
		}
		return state.Int(n), nil
	}
	s := v.AsString()
	switch a.Type {
	case state.TypeTime:
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return state.Null(), fmt.Errorf("holds a time, such as \"2026-01-31T00:00:00Z\"")
		}
	case state.TypeBinary:
		if g, ok := state.ParseGUID(s); ok {
			s = base64.StdEncoding.EncodeToString(g[:])
		}
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return state.Null(), fmt.Errorf("holds bytes, written in base64 or as a GUID")
		}
	}
	if s == "" {
		return state.Null(), nil
	}
	return state.String(s), nil
}

// summaryNames are what a plan counts.
var summaryNames = []string{"create", "link", "relink", "restore", "update", "disable", "unlink", "delete",
	"unchanged", "blocked", "drifted", "skipped",
	"still_signed_in", "aliases"}

func (d *decoder) expect(b *hclsyntax.Block, t *Test) *Expect {
	c := d.block(b)
	e := &Expect{Unchanged: c.labels("unchanged", t), Blocked: c.labels("blocked", t), Skipped: c.labels("skipped", t),
		OutOfScope: c.labels("out_of_scope", t), Applicable: true, Only: true,
		RefusedBy: c.texts("refused_by"), Summary: c.counts("summary",
			summaryNames), Error: c.text("error"), DeclaredAt: place(b.DefRange()),
		places: map[string]string{}}
	for name, a := range c.attrs {
		e.places[name] = place(a.NameRange)
	}
	for _, name := range e.RefusedBy {
		if limit, _, _ := strings.Cut(name, "."); !slices.Contains(limits.Names(), limit) {
			d.fail(c.attrs["refused_by"].Expr.Range(), "Unknown limit", "There is no limit %q.%s It is one of %s.",
				name, near.DidYouMean(limit, limits.Names()),
				strings.Join(limits.Names(), ", "))
		}
	}
	if len(e.RefusedBy) > 0 {
		e.Applicable = false
	}
	if c.has("applicable") {
		if e.Applicable = c.flag("applicable"); e.Applicable && len(e.RefusedBy) > 0 {
			d.fail(c.attrs["applicable"].Expr.Range(), "Conflicting arguments",
				"refused_by expects a limit that trips, and then the plan is not applicable. Remove one of the two.")
		}
	}
	if c.has("only") {
		e.Only = c.flag("only")
	}
	for _, in := range c.inner {
		if in.Type == "change" {
			e.Changes = append(e.Changes, d.change(in, t))
		} else {
			e.Findings = append(e.Findings, d.finding(in, t))
		}
	}
	if e.Error != "" && (len(c.attrs) > 1 || len(c.inner) > 0 || e.Summary != nil) {
		d.fail(c.attrs["error"].NameRange, "Conflicting arguments",
			"error expects that there is no plan, so nothing else can be expected of it. Remove the others.")
	}
	return e
}

// labels are names of objects of the test.
func (c *content) labels(name string, t *Test) []string {
	list := c.texts(name)
	for _, label := range list {
		c.d.known(c.attrs[name].Expr.Range(), label, t)
	}
	return list
}

// known refuses the name of an object that the test does not have. An address of a plan is one of an object as well.
func (d *decoder) known(at hcl.Range, label string, t *Test) {
	var labels []string
	for _, s := range t.Sources {
		labels = append(labels, s.Label)
	}
	for _, a := range t.Accounts {
		labels = append(labels, a.Label)
	}
	if !slices.Contains(labels, label) && !strings.Contains(label, "[") && label != string(state.DirectorySync) {
		d.fail(at, "Unknown object", "The test has no source and no account %q.%s", label, near.DidYouMean(label,
			labels))
	}
}

// kindOf is the kind of what a label names.
func (t *Test) kindOf(label string) state.Kind {
	for _, s := range t.Sources {
		if s.Label == label {
			return s.Kind
		}
	}
	for _, a := range t.Accounts {
		if a.Label == label {
			return a.Kind
		}
	}
	kind, _, _ := strings.Cut(label, ".")
	kind, _, _ = strings.Cut(kind, "[")
	return state.Kind(kind)
}

func (d *decoder) change(b *hclsyntax.Block, t *Test) *Change {
	c := d.block(b)
	var actions []string
	for _, a := range state.Actions {
		actions = append(actions, string(a))
	}
	w := &Change{Label: c.label, Action: state.Action(c.choice("action", actions)),
		Reason: state.ReasonCode(c.text("reason")), Only: c.flag("only"),
		DeclaredAt: place(b.DefRange())}
	if len(b.LabelRanges) > 0 {
		d.known(b.LabelRanges[0], w.Label, t)
	}
	if schema := providers.TenantSchema(t.kindOf(w.Label)); schema != nil {
		w.Attributes, w.Before = d.attributes(c, "attributes", schema), d.attributes(c, "before", schema)
	} else if c.pairs["attributes"] != nil || c.pairs["before"] != nil {
		d.fail(c.at, "No attributes",
			"What %q names has no attributes in the tenant that a test could expect. Remove attributes and before.", w.Label)
	}
	return w
}

func (d *decoder) finding(b *hclsyntax.Block, t *Test) *Finding {
	c := d.block(b)
	var codes []string
	for _, code := range planner.Codes {
		codes = append(codes, code.Code)
	}
	w := &Finding{Label: c.label, Code: c.text("code"), Severity: c.choice("severity", []string{string(planner.Error),
		string(planner.Warning)}),
		Attribute: c.text("attribute"), Contains: c.text("contains"), DeclaredAt: place(b.DefRange())}
	switch {
	case !c.has("code"):
		d.fail(c.at, "Missing argument",
			"A finding is known by its code: add code = \"DF202\". `dirform help findings` lists them.")
	case w.Code != "" && !slices.Contains(codes, w.Code):
		d.fail(c.attrs["code"].Expr.Range(), "Unknown code",
			"There is no finding %q.%s `dirform help findings` lists them.", render.Plain(w.Code), near.DidYouMean(w.Code, codes))
	}
	if len(b.LabelRanges) > 0 {
		d.known(b.LabelRanges[0], w.Label, t)
	}
	return w
}
