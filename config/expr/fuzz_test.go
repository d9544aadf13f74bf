package expr

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// FuzzCompile compiles any text and, drawn by the seed, an expression that is mostly well typed. What does not compile is refused
// with a place; what does has the same value, or none, as HCL gives it, and depends on nothing that it does not name.
func FuzzCompile(f *testing.F) {
	seed := uint64(0)
	add := func(src string) {
		f.Add(src, seed)
		seed++
	}
	for _, tt := range evalCases {
		f.Add(tt.src, seed&^3|uint64(tt.kind-textKind))
		seed += 4
	}
	for _, src := range benchExpressions {
		add(src)
	}
	for _, src := range []string{`[for k, v in {a = 1} : v]`, `ad.l1[*]`, `ad.*.x`, `{for x in ad.l1 : x => x...}`, `try(ad, 1)`, `-"x"`,
		`indent(-1, "a")`, `substr("a", 9, -9)`, `"${[for x in ad : x]}"`, `format("%99999999d", 1)`, `ad.l1[-1]`, `ad.t9`, `var.nobody`,
		`nothing(1)`, `ad[""]`, `dn_parent("CN=x")`, `dn_value("", "")`, `primary_smtp([])`, `filetime(-1)`, `has_flag(0, 0)`, `mail_domain("@")`} {
		add(src)
	}
	for _, fn := range Describe() {
		src, _, _ := strings.Cut(fn.Example, " = ")
		add(src)
	}
	for range 300 {
		add("")
	}
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		kinds := []kind{textKind, boolKind, numberKind, listKind}
		k := kinds[seed%4]
		g := &generator{pick: rand.New(rand.NewPCG(seed, 0)).IntN}
		cautious := g.pick(2) == 0
		examine(t, g, g.expression(k, g.pick(4)), k, cautious)
		if len(src) <= 200 && !strings.Contains(src, "format") && !strings.Contains(src, "indent") { // which can ask for gigabytes of spaces
			examine(t, g, src, k, cautious)
		}
	})
}

// examine is what holds for every expression.
func examine(t *testing.T, g *generator, src string, k kind, cautious bool) {
	e, diags := hclParse(src)
	if diags.HasErrors() {
		return
	}
	env := testEnv(testTargets[k], src)
	env.Cautious = cautious
	p, diags := Compile(e, env)
	for _, d := range diags {
		if d.Summary == "" || d.Detail == "" || d.Subject == nil || d.Subject.Filename != "t.hcl" || d.Subject.Start.Line < 1 {
			t.Errorf("%s: a diagnostic says too little: %+v", src, d)
		}
	}
	if diags.HasErrors() != (p == nil) {
		t.Fatalf("%s: a program beside %v", src, diags)
	}
	if p == nil {
		return
	}
	env = testEnv(testTargets[k], src)
	env.Cautious = cautious
	p, closure, ref := compileBothIn(t, src, env)
	if closure == nil {
		closure = p.eval
	}
	g.compare(t, src, p.slots.shape, closure, ref)
	o := g.object(p.slots.shape)
	got, err := p.Eval(o)
	if want := map[kind]state.ValueKind{textKind: state.StringValue, boolKind: state.BoolValue, numberKind: state.IntValue,
		listKind: state.ListValue}[k]; err == nil && !got.IsNull() && got.Kind() != want {
		t.Errorf("%s: %s for a %v", src, show(got), k)
	}
	if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
		t.Errorf("%s: the error %q", src, err)
	}
	if names := p.Attributes(); !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%s reads %q", src, names)
	}
	again, err2 := p.Eval(reordered(o))
	if (err == nil) != (err2 == nil) || err == nil && !again.Equal(got) {
		t.Errorf("%s: %s, %v, and in another order %s, %v", src, show(got), err, show(again), err2)
	}
}

// reordered is the same object with its attributes the other way round, and one more, unless it has that.
func reordered(o *state.Object) *state.Object {
	names, values := slices.Clone(o.Shape.Names()), slices.Clone(o.Values)
	slices.Reverse(names)
	slices.Reverse(values)
	if o.Shape.Index("odd") < 0 {
		names, values = append(names, "odd"), append(values, state.String("odd"))
	}
	return &state.Object{Kind: o.Kind, Shape: state.NewShape(names...), Values: values}
}
