package expr

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/state"
)

// testSchema has attributes of every type, named by it.
func testSchema() *state.Schema {
	return state.NewSchema("ad", state.User, true, []state.Attribute{
		{Name: "t1"}, {Name: "t2"}, {Name: "t3", Type: state.TypeReference}, {Name: "b1", Type: state.TypeBool}, {Name: "b2", Type: state.TypeBool},
		{Name: "n1", Type: state.TypeInt}, {Name: "n2", Type: state.TypeInt}, {Name: "l1", Multi: true}, {Name: "l2", Multi: true},
		{Name: "padded"}, {Name: "blank"}, {Name: "blanks", Multi: true},
		{Name: "mS-DS-ConsistencyGuid", Type: state.TypeBinary}, {Name: "always", Always: true},
	})
}

var testTargets = map[kind]*state.Attribute{
	textKind: {Name: "text"}, boolKind: {Name: "flag", Type: state.TypeBool}, numberKind: {Name: "count", Type: state.TypeInt}, listKind: {Name: "list", Multi: true},
}

func testEnv(target *state.Attribute, src string) Env {
	return Env{
		Source: testSchema(), Slots: NewSlots(), Library: NewLibrary([]string{"SITE=Győr"}), Text: []byte(src), DeclaredAt: "t.hcl:1", Target: target,
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(map[string]cty.Value{"s": cty.StringVal("x"), "n": cty.NumberIntVal(3), "none": cty.NullVal(cty.String)}),
			"local": cty.ObjectVal(map[string]cty.Value{
				"names": cty.TupleVal([]cty.Value{cty.StringVal("Jane"), cty.StringVal("x")}),
				"map":   cty.ObjectVal(map[string]cty.Value{"x": cty.StringVal("ex"), "Jane": cty.StringVal("J")}),
			}),
		},
	}
}

func parse(t interface{ Fatalf(string, ...any) }, src string) hclsyntax.Expression {
	e, diags := hclsyntax.ParseExpression([]byte(src), "t.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", src, diags)
	}
	return e
}

// compileBoth compiles src to closures (nil where that is not possible) and for HCL.
func compileBoth(t interface{ Fatalf(string, ...any) }, src string, target *state.Attribute) (p *Program, closure, ref evaluator) {
	return compileBothIn(t, src, testEnv(target, src))
}

func compileBothIn(t interface{ Fatalf(string, ...any) }, src string, env Env) (p *Program, closure, ref evaluator) {
	p, diags := Compile(parse(t, src), env)
	if diags.HasErrors() {
		return nil, nil, nil
	}
	e := parse(t, src)
	refs, _, _, _ := env.references(e)
	r := &reference{expr: rewriter{env.Cautious}.rewrite(e), refs: refs, vars: env.Variables, funcs: env.Library.hcl, out: env.out()}
	if _, diags := r.check(); diags.HasErrors() {
		t.Fatalf("%s: %v", src, diags)
	}
	c := &compiler{env: env, out: env.out()}
	closure, ok := c.program(parse(t, src))
	if !ok {
		closure = nil
	}
	env.Slots.Freeze()
	return p, closure, r.eval
}

// TestCompiledAgreesWithHCL is what the compiled evaluator's correctness rests on: random expressions over random objects have
// the same value, or none, as HCL gives them.
func TestCompiledAgreesWithHCL(t *testing.T) {
	compiled, total := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			k := rapid.SampledFrom([]kind{textKind, textKind, boolKind, numberKind, listKind}).Draw(t, "kind")
			g := &generator{pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
			src := g.expression(k, rapid.IntRange(0, 4).Draw(t, "depth"))
			env := testEnv(testTargets[k], src)
			env.Cautious = rapid.Bool().Draw(t, "cautious")
			p, closure, ref := compileBothIn(t, src, env)
			if p != nil {
				total++
			}
			if closure != nil {
				compiled++
				g.compare(t, src, p.slots.shape, closure, ref)
			}
		}
	})
	t.Logf("%d of %d valid expressions compiled", compiled, total)
	if compiled < total/2 || total < 50 {
		t.Errorf("only %d of %d expressions were compiled; the comparison proves little", compiled, total)
	}
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// generator writes random expressions that are mostly well typed.
type generator struct {
	pick  func(n int) int // a number below n
	loops []string
}

// compare evaluates both ways for a few objects.
func (g *generator) compare(t interface{ Fatalf(string, ...any) }, src string, shape *state.Shape, closure, ref evaluator) {
	for range 4 {
		obj := g.object(shape)
		want, wantErr := ref(obj, nil)
		got, err := closure(obj, new(loopVars))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%s of %s: compiled %s, %v; HCL %s, %v", src, show(obj.Values), show(got), err, show(want), wantErr)
		}
		if err == nil && !got.Equal(want) {
			t.Fatalf("%s of %s: compiled %s, HCL %s", src, show(obj.Values), show(got), show(want))
		}
	}
}

func (g *generator) expression(k kind, depth int) string {
	if depth <= 0 {
		return g.leaf(k)
	}
	switch g.pick(8) {
	case 0:
		return g.leaf(k)
	case 1:
		return "(" + g.expression(k, depth-1) + ")"
	case 2:
		return fmt.Sprintf("(%s ? %s : %s)", g.expression(boolKind, depth-1), g.expression(k, depth-1), g.expression(k, depth-1))
	case 3:
		if k != listKind {
			return fmt.Sprintf("coalesce(%s, %s)", g.expression(k, depth-1), g.expression(k, depth-1))
		}
	}
	switch k {
	case textKind:
		return g.text(depth - 1)
	case boolKind:
		return g.condition(depth - 1)
	case numberKind:
		return g.number(depth - 1)
	}
	return g.list(depth - 1)
}

func (g *generator) leaf(k kind) string {
	if g.pick(12) == 0 {
		return "null"
	}
	var all []string
	switch k {
	case textKind:
		all = append([]string{"ad.t1", "ad.t2", "ad.T3", `ad["t1"]`, `ad["mS-DS-ConsistencyGuid"]`, "var.s", "var.none", `"x"`, `""`, `"José"`, `"Jane"`, `env("SITE")`}, g.loops...)
	case boolKind:
		all = []string{"ad.b1", "ad.b2", "true", "false"}
	case numberKind:
		all = []string{"ad.n1", "ad.n2", "0", "2", "514", "var.n"}
	default:
		all = []string{"ad.l1", "ad.l2", "local.names"}
	}
	return all[g.pick(len(all))]
}

func (g *generator) text(d int) string {
	s := func() string { return g.expression(textKind, d) }
	l := func() string { return g.expression(listKind, d) }
	switch g.pick(16) {
	case 0:
		return "lower(" + s() + ")"
	case 1:
		return "upper(" + s() + ")"
	case 2:
		return "trimspace(" + s() + ")"
	case 3:
		return fmt.Sprintf(`"${%s} ${%s}"`, s(), g.expression(numberKind, d))
	case 4:
		return fmt.Sprintf(`"%s-${%s}"`, "e\u0301", s())
	case 5:
		return fmt.Sprintf(`"${%s}"`, s())
	case 6:
		return fmt.Sprintf("trimprefix(%s, %s)", s(), s())
	case 7:
		return fmt.Sprintf(`replace(%s, %s, "-")`, s(), []string{`"x"`, `"/[a-c]+/"`, s()}[g.pick(3)])
	case 8:
		return fmt.Sprintf("join(%s, %s)", s(), l())
	case 9:
		return "primary_smtp(" + l() + ")"
	case 10:
		return fmt.Sprintf("%s[%d]", l(), g.pick(3))
	case 11:
		return []string{"ascii", "mail_domain", "guid", "sid", "dn_parent", "title", "trim", "trimsuffix"}[g.pick(6)] + "(" + s() + ")"
	case 12:
		return fmt.Sprintf(`dn_value(%s, "OU")`, s())
	case 13:
		return "filetime(" + g.expression(numberKind, d) + ")"
	case 14:
		return fmt.Sprintf("try(%s, %s)", s(), s())
	}
	return fmt.Sprintf(`lookup(local.map, %s, "none")`, s())
}

func (g *generator) condition(d int) string {
	s, n := func() string { return g.expression(textKind, d) }, func() string { return g.expression(numberKind, d) }
	b := func() string { return g.expression(boolKind, d) }
	switch g.pick(11) {
	case 0:
		return "!" + b()
	case 1:
		return "(" + b() + " && " + b() + ")"
	case 2:
		return "(" + b() + " || " + b() + ")"
	case 3:
		return "(" + s() + " == " + s() + ")"
	case 4:
		return "(" + s() + " != " + s() + ")"
	case 5:
		return "(" + n() + []string{" < ", " <= ", " > ", " >= ", " == "}[g.pick(5)] + n() + ")"
	case 6:
		return "startswith(" + s() + ", " + s() + ")"
	case 7:
		return "endswith(" + s() + ", " + s() + ")"
	case 8:
		return "contains(" + g.expression(listKind, d) + ", " + s() + ")"
	case 9:
		return "has_flag(" + n() + ", " + n() + ")"
	}
	return "(" + g.expression(listKind, d) + " == null)"
}

func (g *generator) number(d int) string {
	switch g.pick(4) {
	case 0:
		return "length(" + g.expression(listKind, d) + ")"
	case 1:
		return "(" + g.expression(numberKind, d) + " + 1)"
	case 2:
		return "-" + g.expression(numberKind, d)
	}
	return "length(" + g.expression(textKind, d) + ")"
}

func (g *generator) list(d int) string {
	switch g.pick(7) {
	case 0:
		return fmt.Sprintf("split(%s, %s)", g.expression(textKind, d), g.expression(textKind, d))
	case 1:
		return "aliases(" + g.expression(listKind, d) + ")"
	case 2:
		return fmt.Sprintf("[%s, %s]", g.expression(textKind, d), g.expression(textKind, d))
	case 3:
		return "distinct(" + g.expression(listKind, d) + ")"
	}
	coll := g.expression(listKind, d)
	name := fmt.Sprintf("v%d", len(g.loops))
	g.loops = append(g.loops, name)
	defer func() { g.loops = g.loops[:len(g.loops)-1] }()
	cond := ""
	if g.pick(2) == 0 {
		cond = " if " + g.expression(boolKind, d)
	}
	return fmt.Sprintf("[for %s in %s : %s%s]", name, coll, g.expression(textKind, d), cond)
}

var numbers = []int64{0, 1, 2, 3, 512, 514, 133485408000000000, 1<<63 - 1, -7}

func (g *generator) object(shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		if g.pick(4) == 0 {
			continue
		}
		kind := strings.ToLower(name + " ")[0]
		if g.pick(12) == 0 { // a server may have another idea of an attribute than the schema
			o.Values[i] = g.odd(kind)
			continue
		}
		switch kind {
		case 'b':
			o.Values[i] = state.Bool(g.pick(2) == 0)
		case 'n':
			o.Values[i] = state.Int(numbers[g.pick(len(numbers))])
		case 'l':
			list := make([]string, g.pick(4))
			for j := range list {
				list[j] = g.word()
			}
			o.Values[i] = state.List(list)
		default:
			o.Values[i] = state.String(g.word())
		}
	}
	return o
}

// odd is a value that can be taken for one of the kind that the attribute's name begins with, though it is of another. Values that
// cannot are left out: closures do not look at what they need not, HCL does.
func (g *generator) odd(kind byte) state.Value {
	s := map[byte]string{'b': "TRUE", 'n': "42"}[kind]
	if s == "" {
		s = g.word()
	}
	all := []state.Value{state.List(nil), state.List([]string{s}), state.String(s), state.Bool(true), state.Int(7)}
	return all[g.pick(len(all))]
}

func (g *generator) word() string {
	words := []string{"", " ", "\u00a0x\u200b", "x", "Jane", " jane ", "JOSE\u0301", "José", "\u0301a", "SMTP:Jane@Contoso.com", "smtp:j@contoso.com", "a@b", "x.y", "OU=a,DC=b",
		"CN=a\\,b,OU=Staff,DC=b", "KPX8DgRypVysINTShrieUg==", "AQIAAAAAAAUgAAAAIAIAAA==", "abc", "ß", "é"}
	return words[g.pick(len(words))]
}

func hclParse(src string) (hclsyntax.Expression, hcl.Diagnostics) {
	return hclsyntax.ParseExpression([]byte(src), "t.hcl", hcl.InitialPos)
}
