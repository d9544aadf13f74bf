package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state"
)

// jane is an object of the test schema; what isn't here is missing.
func jane() *state.Object {
	return &state.Object{
		Kind: state.User, Shape: state.NewShape("t1", "l1", "n1", "b1", "odd", "t3", "padded", "blank", "blanks"),
		Values: []state.Value{
			state.String("Jane"), state.List([]string{"SMTP:Jane@Contoso.com", "smtp:j@contoso.com"}), state.Int(514), state.Bool(true),
			state.List([]string{"one", "two"}), state.String("Jose\u0301"),
			state.String("\u00a0robot\t"), state.String(" \u200b"), state.List([]string{" SMTP:a@b.com\u00a0", "\t", "c"}),
		},
	}
}

// evalCases are expressions with what they give for jane, first of all where values are missing.
var evalCases = []struct {
	src  string
	kind kind
	want string // as JSON; "error: part" for an error
}{
	{`ad.t1`, textKind, `"Jane"`},
	{`ad.T1`, textKind, `"Jane"`},
	{`ad["t1"]`, textKind, `"Jane"`},
	{`ad.t2`, textKind, `null`},
	{`trimspace("${ad.t1} ${ad.t2}")`, textKind, `"Jane"`},
	{`"${ad.t2}"`, textKind, `null`}, // only a value in quotes, which is the value itself in HCL
	{`"${ad.t2}-${ad.n1}-${ad.b1}"`, textKind, `"-514-true"`},
	{`"%{ if ad.b2 }yes%{ else }no%{ endif }"`, textKind, `"no"`},
	{`"%{ for x in ad.l2 }${x}%{ endfor }."`, textKind, `"."`},
	{`lower(ad.t2)`, textKind, `null`},
	{`startswith(ad.t2, "J")`, boolKind, `false`},
	{`!startswith(ad.t2, "J")`, boolKind, `true`},
	{`contains(ad.l2, "x")`, boolKind, `false`},
	{`has_flag(ad.n2, 2)`, boolKind, `null`},
	{`has_flag(ad.n1, ad.n2)`, boolKind, `null`},
	{`!has_flag(ad.n2, 2)`, boolKind, `null`},
	{`has_flag(ad.n2, 2) ? "off" : "on"`, textKind, `"on"`},
	{`coalesce(has_flag(ad.n2, 2), true)`, boolKind, `true`},
	{`has_flag(ad.n1, 2)`, boolKind, `true`},
	{`length(ad.l2)`, numberKind, `0`},
	{`length("Zoë")`, numberKind, `3`},
	{`join("+", ad.l2)`, textKind, `""`},
	{`coalesce(ad.t2, "", ad.t1)`, textKind, `"Jane"`},
	{`coalesce(ad.t2, "")`, textKind, `null`},
	{`coalesce(ad.n2, 7)`, numberKind, `7`},
	{`ad.b2 ? "yes" : "no"`, textKind, `"no"`},
	{`ad.b2 || ad.b1`, boolKind, `true`},
	{`ad.b2 || false`, boolKind, `null`},
	{`false || ad.b2`, boolKind, `null`},
	{`ad.b2 && ad.b1`, boolKind, `null`},
	{`ad.b2 && !ad.b1`, boolKind, `false`},
	{`ad.b2 && ad.b2`, boolKind, `null`},
	{`ad.b2 && null`, boolKind, `null`},
	{`!(ad.b2 || ad.n1 < 0)`, boolKind, `null`},
	{`!ad.b2`, boolKind, `null`},
	{`"%{ for x in ad.l1 }%{ if ad.b2 }x%{ endif }%{ endfor }."`, textKind, `"."`},
	{`[for a in ad.l1 : a if !ad.b2]`, listKind, `[]`},
	{`ad.b2`, boolKind, `null`},
	{`ad.t2 == null`, boolKind, `true`},
	{`ad.t2 != "robot"`, boolKind, `true`},
	{`ad.padded`, textKind, `"robot"`},
	{`ad.padded == "robot"`, boolKind, `true`},
	{`"(${ad.padded}) ${ad.blank}."`, textKind, `"(robot) ."`},
	{`ad.blank != null`, boolKind, `false`},
	{`coalesce(ad.blank, ad.t1)`, textKind, `"Jane"`},
	{`length(ad.blanks)`, numberKind, `2`},
	{`ad.blanks[1]`, textKind, `"c"`},
	{`primary_smtp(ad.blanks)`, textKind, `"a@b.com"`},
	{`ad["blank"]`, textKind, `null`},
	{`ad.n2 > 1`, boolKind, `null`},
	{`ad.n1 <= ad.n2`, boolKind, `null`},
	{`ad.n2 >= "x"`, boolKind, `error: number`},
	{`ad.n2 > 1 || ad.l1[9] == ""`, boolKind, `error: Invalid index`},
	{`coalesce(ad.n2, 0) > 1`, boolKind, `false`},
	{`ad.n1 + 1`, numberKind, `515`},
	{`ad.n1 / 4`, numberKind, `error: whole number`},
	{`[for a in ad.l2 : lower(a)]`, listKind, `[]`},
	{`[for a in ad.l1 : lower(a) if startswith(a, "SMTP:")]`, listKind, `["smtp:jane@contoso.com"]`},
	{`[for i, a in ad.l1 : "${i}${a}" if i > 0]`, listKind, `["1smtp:j@contoso.com"]`},
	{`[for a in ad.l1 : mail_domain(a)][0]`, textKind, `"contoso.com"`},
	{`ad.l2[0]`, textKind, `null`},
	{`ad.l1[1]`, textKind, `"smtp:j@contoso.com"`},
	{`ad.l1[2]`, textKind, `error: Invalid index`},
	{`try(ad.l1[2], null)`, textKind, `null`},
	{`[ad.t1, ad.t2]`, listKind, `["Jane"]`},
	{`[ad.t2]`, listKind, `[]`},
	{`ad.n1`, textKind, `"514"`},
	{`ad.b1`, textKind, `"true"`},
	{`tonumber("7")`, numberKind, `7`},
	{`"7"`, numberKind, `7`},
	{`"true"`, boolKind, `true`},
	{`lookup(local.map, ad.t1, "none")`, textKind, `"J"`},
	{`lookup(local.map, ad.t2, "none")`, textKind, `"none"`},
	{`local.map[ad.t1]`, textKind, `"J"`},
	{`ad["odd"]`, textKind, `error: 2 values`},
	{`ad["odd"] == null`, boolKind, `error: 2 values`},
	{`env("SITE")`, textKind, `"Győr"`},
	{"\"e\u0301\"", textKind, `"é"`},
	{`replace("e", "e", "${"e"}` + "\u0301" + `")`, textKind, `"é"`},
	{`filetime(9223372036854775807)`, textKind, `null`},
	{`coalesce(ad.t1, ad.l1[9])`, textKind, `error: Invalid index`},
	{`ad.b2 ? local.names : ad.l1`, listKind, `["SMTP:Jane@Contoso.com","smtp:j@contoso.com"]`},
	{`ad.t3`, textKind, `"José"`},
	{`length([for a in ad.l1 : ad.t2])`, numberKind, `2`},
	{`length(true ? null : [for a in ad.l1 : a])`, numberKind, `0`}, // null of a tuple is an empty list, too
	{`[for a in ad.l1 : ad.t2]`, listKind, `[]`},
	{`filetime(0)`, textKind, `null`},
	{`mail_domain("nobody")`, textKind, `null`},
	{`dn_value("CN=a", "OU")`, textKind, `null`},
	{`dn_parent("CN=a\\,b,DC=c")`, textKind, `"DC=c"`},
	{`guid("x")`, textKind, `error: 16 bytes`},
	{`regex("[0-9]+", ad.t1)`, textKind, `error: regex`},
}

// TestEval evaluates them. Both evaluators must agree.
func TestEval(t *testing.T) {
	for _, tt := range evalCases {
		p, closure, ref := compileBoth(t, tt.src, testTargets[tt.kind])
		if p == nil {
			_, diags := Compile(parse(t, tt.src), testEnv(testTargets[tt.kind], tt.src))
			if want, isError := strings.CutPrefix(tt.want, "error: "); !isError || !strings.Contains(diags.Error(), want) {
				t.Errorf("%s: %v, want %s", tt.src, diags, tt.want)
			}
			continue
		}
		obj := p.slots.adapt(jane(), append(p.Attributes(), "odd")[:len(p.Attributes())])
		check := func(by string, eval evaluator) {
			v, err := eval(obj, new(loopVars))
			got := show(v)
			if err != nil {
				got = "error: " + err.Error()
			}
			if want, isError := strings.CutPrefix(tt.want, "error: "); got != tt.want && !(isError && err != nil && strings.Contains(got, want)) {
				t.Errorf("%s by %s = %s, want %s", tt.src, by, got, tt.want)
			}
		}
		check("HCL", ref)
		if closure != nil {
			check("closure", closure)
		}
	}
}

// TestExamples runs the examples of `help functions`.
func TestExamples(t *testing.T) {
	lib := NewLibrary(nil)
	for _, f := range Describe() {
		i := strings.LastIndex(f.Example, " = ")
		if f.Name == "merge" {
			i = strings.Index(f.Example, ") = ") + 1
		}
		if i < 0 || f.Summary == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%s is not described in full", f.Name)
			continue
		}
		got, diags := Evaluate(parse(t, f.Example[:i]), nil, lib)
		want, more := Evaluate(parse(t, f.Example[i+3:]), nil, lib)
		if diags.HasErrors() || more.HasErrors() {
			t.Errorf("%s: %v %v", f.Example, diags, more)
			continue
		}
		if show(state.String(got.GoString())) == "" || !sameValue(got, want) {
			t.Errorf("%s: got %#v", f.Example, got)
		}
	}
}

// sameValue compares lists and tuples, maps and objects alike.
func sameValue(a, b cty.Value) bool {
	if a.IsNull() || b.IsNull() || a.Type().IsPrimitiveType() {
		return a.IsNull() == b.IsNull() && (a.IsNull() || a.RawEquals(b))
	}
	if a.LengthInt() != b.LengthInt() {
		return false
	}
	for i, j := a.ElementIterator(), b.ElementIterator(); i.Next() && j.Next(); {
		_, x := i.Element()
		_, y := j.Element()
		if !sameValue(x, y) {
			return false
		}
	}
	return true
}

func TestProgram(t *testing.T) {
	src := `"${ad.T1} ${ad.t2} ${ad["t1"]}"`
	p, diags := Compile(parse(t, src), testEnv(testTargets[textKind], src))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if got := strings.Join(p.Attributes(), " "); got != "t1 t2" {
		t.Errorf("Attributes() = %s, want them in the schema's spelling, once", got)
	}
	if p.Source() != src || p.DeclaredAt() != "t.hcl:1" {
		t.Errorf("Source() = %s, DeclaredAt() = %s", p.Source(), p.DeclaredAt())
	}
	if _, ok := p.Constant(); ok {
		t.Error("a program that reads attributes is called constant")
	}
	// An object with another shape is read by name.
	v, err := p.Eval(jane())
	if err != nil || v.Str() != "Jane  Jane" {
		t.Errorf("Eval = %q, %v", v.Str(), err)
	}
	v, err = p.Eval(&state.Object{})
	if err != nil || v.Str() != "  " {
		t.Errorf("Eval of an empty object = %q, %v", v.Str(), err)
	}
	c, _ := Compile(parse(t, `upper("hu")`), testEnv(testTargets[textKind], `upper("hu")`))
	if v, ok := c.Constant(); !ok || v.Str() != "HU" {
		t.Errorf("Constant() = %q, %v", v.Str(), ok)
	}
}

// TestCautious: an expression that must not follow from null is null where a condition is, however deep that stands.
func TestCautious(t *testing.T) {
	for src, want := range map[string]string{
		`has_flag(ad.n2, 2) ? false : true`: `null`, `has_flag(ad.n1, 2) ? false : true`: `false`,
		`(ad.n2 > 1 ? "a" : "b") == "b"`: `false`, `ad.b2 ? true : (ad.b1 ? true : false)`: `null`,
		`tobool(ad.b2 ? "true" : "false")`: `null`, `coalesce(ad.b2 ? true : true, false)`: `false`,
		`ad.t2 == "left" ? false : true`: `true`, // a person may well have none
	} {
		env := testEnv(testTargets[boolKind], src)
		env.Cautious = true
		p, closure, ref := compileBothIn(t, src, env)
		if p == nil {
			t.Fatalf("%s does not compile", src)
		}
		for _, eval := range []evaluator{closure, ref} {
			if eval == nil {
				continue
			}
			if v, err := eval(p.slots.adapt(jane(), p.Attributes()), new(loopVars)); err != nil || show(v) != want {
				t.Errorf("%s = %s, %v, want %s", src, show(v), err, want)
			}
		}
	}
}

// TestUnread: no expression has a value that reads an attribute which every object has, where that came without one.
func TestUnread(t *testing.T) {
	for _, src := range []string{`ad.always`, `coalesce(ad.t1, ad.always)`, `try(ad["Always"], "x")`, `ad.always == null ? "x" : "y"`} {
		p, diags := Compile(parse(t, src), testEnv(testTargets[textKind], src))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		var unread *Unread
		if v, err := p.Eval(jane()); !errors.As(err, &unread) || unread.Attribute != "always" {
			t.Errorf("%s = %s, %v", src, show(v), err)
		}
		p.slots.Freeze()
		o := &state.Object{Shape: p.slots.shape, Values: make([]state.Value, p.slots.shape.Len())}
		if _, err := p.Eval(o); !errors.As(err, &unread) {
			t.Errorf("%s of an empty object: %v", src, err)
		}
		if p.Plain(p.slots.shape) >= 0 {
			t.Errorf("%s can do without being evaluated", src)
		}
		o.Values[p.slots.shape.Index("always")] = state.String("here")
		if _, err := p.Eval(o); err != nil {
			t.Errorf("%s of an object that has it: %v", src, err)
		}
	}
}

func TestConditionMayNotBeNull(t *testing.T) {
	p, diags := Compile(parse(t, `ad.b2`), testEnv(nil, `ad.b2`))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if _, err := p.Eval(jane()); !errors.Is(err, ErrUndecided) || !strings.Contains(err.Error(), "coalesce") {
		t.Errorf("a null condition gave error %v", err)
	}
}

// TestDiagnosticsCarryNoValues makes sure that whoever prints a diagnostic with HCL's own writer can't print variables' values.
func TestDiagnosticsCarryNoValues(t *testing.T) {
	for _, src := range []string{`parseint(var.s, 10)`, `ad.l1 + 1`, `lower(ad.l1)`, `"${ad.l1}"`} {
		_, diags := Compile(parse(t, src), testEnv(testTargets[textKind], src))
		if !diags.HasErrors() {
			t.Errorf("%s has no error", src)
		}
		for _, d := range diags {
			if d.EvalContext != nil || d.Expression != nil {
				t.Errorf("%s: the diagnostic %q holds the evaluation context", src, d.Summary)
			}
		}
	}
}
