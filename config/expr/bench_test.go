package expr

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// benchExpressions are those of a usual mapping: mostly plain attributes, some computed ones.
var benchExpressions = []string{
	`lower(ad.t1)`, `trimspace("${ad.t1} ${ad.t2}")`, `ad.t1`, `ad.t2`, `ad.t3`, `coalesce(ad.t1, ad.t2)`, `upper(coalesce(ad.t2, "HU"))`,
	`coalesce(ad.t3, split("@", ad.t1)[0])`, `primary_smtp(ad.l1)`, `has_flag(ad.n1, 2) ? "off" : "on"`, `ad.t1 != null ? lower(ad.t1) : "${ad.t2}@contoso.com"`,
	`ad.t1`, `ad.t2`, `ad.t1`, `ad.t2`, `ad.t1`, `ad.t2`, `ad.t1`, `ad.t2`, `replace(ad.t2, "-", " ")`,
}

func benchObject(slots *Slots) *state.Object {
	o := &state.Object{Kind: state.User, Shape: slots.Freeze(), Values: make([]state.Value, slots.Freeze().Len())}
	for i, name := range o.Shape.Names() {
		switch name[0] {
		case 't':
			o.Values[i] = state.String([]string{"Jane.Doe@contoso.com", "Research", "CN=Boss,OU=Staff,DC=corp"}[i%3])
		case 'n':
			o.Values[i] = state.Int(514)
		case 'l':
			o.Values[i] = state.List([]string{"smtp:j@contoso.com", "SMTP:Jane.Doe@contoso.com", "x500:/o=x"})
		}
	}
	return o
}

// BenchmarkObject evaluates the twenty expressions of one object; ns/op is the CPU cost of an object's mapping.
func BenchmarkObject(b *testing.B) {
	slots := NewSlots()
	var programs []*Program
	for _, src := range benchExpressions {
		env := testEnv(testTargets[textKind], src)
		env.Slots = slots
		p, diags := Compile(parse(b, src), env)
		if diags.HasErrors() {
			b.Fatal(diags)
		}
		if !p.native {
			b.Fatalf("%s is not compiled", src)
		}
		programs = append(programs, p)
	}
	o := benchObject(slots)
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range programs {
			if _, err := p.Eval(o); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkReference is the same work done by HCL, for comparison.
func BenchmarkReference(b *testing.B) {
	var refs []evaluator
	var objects []*state.Object
	for _, src := range benchExpressions {
		p, _, ref := compileBoth(b, src, testTargets[textKind])
		refs = append(refs, ref)
		objects = append(objects, benchObject(p.slots))
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, eval := range refs {
			if _, err := eval(objects[i], nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}
