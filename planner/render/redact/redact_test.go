package redact_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/markdown"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/planner/render/redact"
	"github.com/dirform/dirform/state"
)

// plan is a plan of one change, one finding and one object without an account, every text in which is a secret.
type plan struct {
	header  planner.Header
	totals  planner.Totals
	change  *state.Change
	finding *planner.Finding
	skipped *planner.Skipped
}

func (p *plan) Digest() string                               { return "sha256:0" }
func (p *plan) Header() planner.Header                       { return p.header }
func (p *plan) Totals() planner.Totals                       { return p.totals }
func (p *plan) Changes() iter.Seq2[*state.Change, error]     { return one(p.change) }
func (p *plan) NoLonger() iter.Seq2[*state.Change, error]    { return one(p.change) }
func (p *plan) Findings() iter.Seq2[*planner.Finding, error] { return one(p.finding) }
func (p *plan) Skipped() iter.Seq2[*planner.Skipped, error]  { return one(p.skipped) }

func one[T any](x T) iter.Seq2[T, error] { return func(yield func(T, error) bool) { yield(x, nil) } }

// open are the fields that stay as they are: they are the configuration's words, or dirform's.
var open = []string{"Change.Kind", "Change.Action", "Change.Scope", "Change.ReasonCode", "Change.DeclaredAt",
	"AttributeChange.Name", "Match.Rule", "Replaced.Scope",
	"Finding.Code", "Finding.Severity", "Finding.Summary", "Finding.Attribute", "Finding.DeclaredAt", "Withheld.Name", "ObjectRef.Kind", "Skipped.ReasonCode",
	"Header.FormatVersion", "Header.DirformVersion", "Header.CreatedAt", "Header.ConfigDigest", "StateID.Lineage", "SourceID.Domain", "SourceID.SID", "SourceID.MovesFrom",
	"SourceID.Others", "TenantID.ID", "Header.Allowed", "GuardResult.Name", "GuardResult.Limit", "ScopeSeen.Scope", "ScopeSeen.Kind", "OUSeen.Declared", "OUSeen.DN",
	"OUSeen.GUID", "SnapshotID.TakenAt", "SnapshotID.Digest", "AgainstID.ConfigDigest", "Change.Cause", "AttributeChange.Cause"}

// secrets fills every text below v that is not open, and counts how many there are.
type secrets struct{ n int }

func (s *secrets) fill(v reflect.Value, field string) {
	switch {
	case v.Type() == reflect.TypeFor[state.Value]():
		if s.n++; s.n%3 == 0 {
			v.Set(reflect.ValueOf(state.List([]string{s.next(), s.next()})))
		} else {
			v.Set(reflect.ValueOf(state.String(s.next())))
		}
	case v.Kind() == reflect.String && slices.Contains(open, field):
		v.SetString("open")
	case v.Kind() == reflect.String:
		v.SetString(s.next())
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		s.fill(v.Elem(), field)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			s.fill(v.Index(i), field)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				s.fill(v.Field(i), v.Type().Name()+"."+f.Name)
			}
		}
	case v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.String:
		v.Set(reflect.ValueOf(map[string]string{"open": s.next()}))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	}
}

func (s *secrets) next() string {
	s.n++
	return fmt.Sprintf("SECRET%d@contoso.com", s.n)
}

// unpacked is a page with its rows as text.
func unpacked(w io.Writer, r render.Source) error {
	var b bytes.Buffer
	if err := page.Write(&b, r, page.Options{}); err != nil {
		return err
	}
	_, rest, _ := strings.Cut(b.String(), `id="rows">`)
	rows, _, _ := strings.Cut(rest, "<")
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(rows)))
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.MultiReader(&b, z))
	return err
}

// TestNobodyIsNamed: whatever field of a plan has a text, no layout of the plan without people has it.
func TestNobodyIsNamed(t *testing.T) {
	p, s := &plan{}, &secrets{}
	for _, x := range []any{&p.header, &p.totals, &p.change, &p.finding, &p.skipped} {
		s.fill(reflect.ValueOf(x).Elem(), "")
	}
	p.change.Action, p.change.Kind, p.change.ReasonCode, p.finding.Code = state.ActionUpdate, "user", state.BecauseMoved, "DF202"
	if s.n < 40 {
		t.Fatalf("only %d secrets", s.n)
	}
	layouts := map[string]func(io.Writer, render.Source) error{
		"text": func(w io.Writer, r render.Source) error { return render.Text(w, r, render.TextOptions{}) },
		"verbose": func(w io.Writer, r render.Source) error {
			return render.Text(w, r,
				render.TextOptions{Verbose: true})
		},
		"drift": func(w io.Writer, r render.Source) error {
			return render.Drift(w, r,
				render.TextOptions{Verbose: true})
		},
		"JSON":     render.JSON,
		"CSV":      render.CSV,
		"findings": render.FindingsCSV,
		"page":     unpacked,
		"Markdown": func(w io.Writer, r render.Source) error {
			return markdown.Write(w, r, markdown.Options{Place: markdown.Places[0]})
		},
	}
	for name, layout := range layouts {
		var whole, hidden bytes.Buffer
		if err := layout(&whole, p); err != nil {
			t.Fatal(name, err)
		}
		if err := layout(&hidden, redact.New(p, nil)); err != nil {
			t.Fatal(name, err)
		}
		if !strings.Contains(whole.String(), "SECRET") {
			t.Errorf("%s shows nothing that could be withheld", name)
		}
		if _, after, found := strings.Cut(hidden.String(), "SECRET"); found {
			t.Errorf("%s shows SECRET%s", name, after[:min(30, len(after))])
		}
	}
}

// TestTags: with a key somebody's tag is the same in every plan, whatever the case of the name; without one it is good
// for one plan.
func TestTags(t *testing.T) {
	address := func(name string, key []byte) string {
		p := redact.New(&plan{change: &state.Change{Kind: "user", Address: `user.staff["` + name + `"]`}}, key)
		for c, err := range p.Changes() {
			if err == nil {
				return c.Address
			}
		}
		return ""
	}
	key := []byte("key")
	first := address("jane@contoso.com", key)
	if again := address("Jane@contoso.com", key); first != again || !strings.HasPrefix(first, `user.staff["p-`) {
		t.Errorf("%s, then %s", first, again)
	}
	for _, other := range []string{address("joe@contoso.com", key), address("jane@contoso.com", nil),
		address("jane@contoso.com", []byte("another"))} {
		if other == first {
			t.Errorf("%s is somebody else's", other)
		}
	}
}
