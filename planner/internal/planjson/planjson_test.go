package planjson

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// sample is a create of the size that a real one has: 18 attributes, about 2.3 KB.
func sample(i int) *state.Change {
	upn := fmt.Sprintf("user%07d@contoso.com", i)
	c := &state.Change{
		Address: `user.staff["` + upn + `"]`, Kind: state.User, Action: state.ActionCreate, Scope: "staff",
		Anchor: fmt.Sprintf("q6sUCn0KbUy%07dabcA==", i), SourceGUID: fmt.Sprintf("0a14abab-0a7d-4c6d-b2d3-%012d", i),
		SourceDN: fmt.Sprintf("CN=User %d,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com", i),
		Reason:   "no account of the tenant matches it", DeclaredAt: "main.hcl:31", Fingerprints: map[string]string{},
	}
	for j, n := range strings.Fields("accountEnabled businessPhones city companyName country department displayName givenName " +
		"jobTitle mail mailNickname mobilePhone officeLocation postalCode state streetAddress surname userPrincipalName") {
		v := state.String(fmt.Sprintf("value %d of %d", j, i))
		switch n {
		case "accountEnabled":
			v = state.Bool(true)
		case "businessPhones":
			v = state.List([]string{"+36 1 234 5678"})
		}
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: n, After: v})
		c.Fingerprints[n] = fmt.Sprintf("%016x", uint64(i)*2654435761+uint64(j)*40503)
	}
	return c
}

func values() *rapid.Generator[state.Value] {
	return rapid.OneOf(
		rapid.Just(state.Null()),
		rapid.Map(rapid.String(), state.String),
		rapid.Map(rapid.Bool(), state.Bool),
		rapid.Map(rapid.Int64(), state.Int),
		rapid.Map(rapid.SliceOfN(rapid.String(), 0, 4), state.List),
		rapid.SampledFrom([]state.Value{state.String("R&D <b> \u2028\x7f\x00\"\\/é 😀"), state.Int(math.MinInt64), state.List(nil)}),
	)
}

func attributes() *rapid.Generator[[]state.AttributeChange] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) state.AttributeChange {
		return state.AttributeChange{Name: rapid.String().Draw(t, "name"), Before: values().Draw(t, "before"),
			After: values().Draw(t, "after"), Drift: rapid.Bool().Draw(t, "drift"), Via: values().Draw(t, "via"),
			BeforeName: rapid.String().Draw(t, "before name"), AfterName: rapid.String().Draw(t, "after name")}
	}), 0, 4)
}

func changes() *rapid.Generator[*state.Change] {
	return rapid.Custom(func(t *rapid.T) *state.Change {
		s := func(label string) string { return rapid.String().Draw(t, label) }
		c := &state.Change{Address: s("address"), Kind: state.Kind(s("kind")), Action: state.Action(s("action")), Scope: s("scope"),
			Anchor: s("anchor"), SourceGUID: s("guid"), SourceDN: s("dn"), TargetID: s("id"), Reason: s("reason"),
			ReasonCode: state.ReasonCode(s("code")), Partial: rapid.Bool().Draw(t, "partial"), Seen: s("seen"),
			DeclaredAt: s("declared"), Attributes: attributes().Draw(t, "attributes"),
			SourceAttributes: attributes().Draw(t, "source attributes"),
			GraceAnew:        rapid.Bool().Draw(t, "grace anew"),
			Needs:            rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "needs"),
			Fingerprints:     rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "fingerprints")}
		if rapid.Bool().Draw(t, "matched") {
			c.Match = &state.Match{Rule: s("rule"), Value: s("value")}
		}
		if rapid.Bool().Draw(t, "has members") {
			c.Members = &state.SetChange{Add: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "add"), Remove: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "remove")}
		}
		if rapid.Bool().Draw(t, "replaces") {
			c.Replaces = &state.Replaced{Anchor: s("old anchor"), Scope: s("old scope"), SourceGUID: s("old guid")}
		}
		return c
	})
}

var equal = cmpopts.EquateEmpty()

// Both directions agree with encoding/json, which the tags of state.Change speak to.
func TestAgreesWithEncodingJSON(t *testing.T) {
	var w Writer
	rapid.Check(t, func(t *rapid.T) {
		c := changes().Draw(t, "change")
		ours := w.Append(nil, c, Full)
		var want state.Change
		if err := json.Unmarshal(ours, &want); err != nil {
			t.Fatalf("%s: %v", ours, err)
		}
		if d := cmp.Diff(*c, want, equal); d != "" {
			t.Fatalf("encoding/json reads what Append wrote differently:\n%s", d)
		}
		theirs, err := json.MarshalIndent(c, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(ours), string(theirs)} {
			got, err := Parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if d := cmp.Diff(c, got, equal); d != "" {
				t.Fatalf("Parse of %s:\n%s", text, d)
			}
		}
	})
}

func TestFullForm(t *testing.T) {
	c := &state.Change{Address: "a", Kind: state.Group, Action: state.ActionLink, Scope: "s", Anchor: "n", SourceGUID: "g", SourceDN: "d",
		TargetID: "t", Match: &state.Match{Rule: "declared", Value: "x"}, Replaces: &state.Replaced{Anchor: "o", Scope: "p", SourceGUID: "q"}, Reason: "r", DeclaredAt: "f:1",
		Attributes:       []state.AttributeChange{{Name: "p", Before: state.Bool(false), After: state.Int(0), Drift: true}, {Name: "q"}},
		SourceAttributes: []state.AttributeChange{{Name: "u", After: state.List(nil)}},
		Needs:            []string{"m"}, Fingerprints: map[string]string{"q": "1", "p": "0"}}
	want := `{"address":"a","kind":"group","action":"link","scope":"s","anchor":"n","source_guid":"g","source_dn":"d","target_id":"t",` +
		`"match":{"rule":"declared","value":"x"},"replaces":{"anchor":"o","scope":"p","source_guid":"q"},"reason":"r","declared_at":"f:1",` +
		`"attributes":[{"name":"p","before":false,"after":0,"drift":true},{"name":"q"}],` +
		`"source_attributes":[{"name":"u","after":[]}],"needs":["m"],"fingerprints":{"p":"0","q":"1"}}`
	if d := cmp.Diff(want, string(new(Writer).Append(nil, c, Full))); d != "" {
		t.Error(d)
	}
}

func TestRecordAgreesWithEncodingJSON(t *testing.T) {
	for _, r := range []*planner.Record{
		{Anchor: "a\"", Scope: "s", SourceGUID: "g", Fingerprints: map[string]string{"b": "2", "a": "1"}}, {Anchor: "a", Left: true}} {
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got := string(new(Writer).AppendRecord(nil, r))
		if d := cmp.Diff(string(want), got); d != "" {
			t.Error(d)
		}
		again, err := ParseRecord(got)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, again, equal); d != "" {
			t.Error(d)
		}
	}
}

func TestDocumentForm(t *testing.T) {
	c := sample(7)
	c.Attributes = nil
	c.SourceAttributes = []state.AttributeChange{{Name: "mS-DS-ConsistencyGuid", After: state.String("x")}}
	want := `{"address":"user.staff[\"user0000007@contoso.com\"]","kind":"user","action":"create","anchor":"` + c.Anchor +
		`","source_guid":"` + c.SourceGUID + `","source_dn":"` + c.SourceDN + `","reason":"no account of the tenant matches it",` +
		`"declared_at":"main.hcl:31","partial":false,"attributes":[],` +
		`"source_attributes":[{"name":"mS-DS-ConsistencyGuid","before":null,"after":"x"}]}`
	if d := cmp.Diff(want, string(new(Writer).Append(nil, c, Document))); d != "" {
		t.Error(d)
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	got, err := Parse(string(new(Writer).Append(nil, &state.Change{Address: "a\xffb"}, Full)))
	if err != nil || got.Address != "a\uFFFDb" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{``, `null`, `[]`, `{`, `{}x`, `{"address":1}`, `{"address":"a`, `{"address":"a` + "\n" + `"}`,
		`{"address":"\x"}`, `{"address":"\ud800"}`, `{"a":}`, `{"a":01}`, `{"a":-}`, `{"a":tru}`, `{"a":1,}`, `{"attributes":[{"before":{}}]}`,
		`{"attributes":[{"before":1.5}]}`, `{"attributes":[{"before":99999999999999999999}]}`, `{"attributes":[{"before":[1]}]}`,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`} {
		if c, err := Parse(text); err == nil {
			t.Errorf("%s was read as %v", text, c)
		}
	}
}

// What Parse accepts is JSON, which means the same to a reader of JSON that goes by the tags of state.Change; what
// that reader refuses is refused, too, unless a name is there twice; and what Append wrote is accepted. The same
// holds for records.
func FuzzParse(f *testing.F) {
	full := sample(1)
	full.Match = &state.Match{Rule: "declared", Value: "x"}
	full.Replaces = &state.Replaced{Anchor: "o", Scope: "p", SourceGUID: "q"}
	full.Members = &state.SetChange{Add: []string{"a"}, Remove: []string{"b", "c"}}
	full.Scope, full.TargetID, full.Seen, full.Partial, full.GraceAnew = "s", "t", "2026", true, true
	full.ReasonCode, full.Needs = state.BecauseGraceOver, []string{"n"}
	full.Attributes = append(full.Attributes, state.AttributeChange{Name: "manager", Before: state.Int(-7),
		After: state.Bool(true), Drift: true,
		Via: state.String("v"), BeforeName: "b", AfterName: "a"})
	full.SourceAttributes = []state.AttributeChange{{Name: "u", After: state.List([]string{"x"})}}
	f.Add(string(new(Writer).Append(nil, sample(1), Full)))
	f.Add(string(new(Writer).Append(nil, full, Full)))
	f.Add(string(new(Writer).Append(nil, full, Document)))
	f.Add(string(new(Writer).AppendRecord(nil, &planner.Record{Anchor: "a", Scope: "s", SourceGUID: "g", Left: true,
		Fingerprints: map[string]string{"b": "2"}})))
	f.Add(`{"address":"\u00e9\ud83d\ude00","attributes":[{"name":"x","before":null,"after":[""," "]}],"new":[{"a":1e9}]}`)
	for _, v := range []string{"0", "-0", "01", "-01", "1e3", "9223372036854775807", "-9223372036854775808",
		"9223372036854775808", "+1", "-", "1.0", "true",
		"false", "tru", "falsey", "[]", "[1]", `["a",null]`, `"\ud800"`, `"\q"`, "\"a\tb\"", "{}", "null", "nul"} {
		f.Add(`{"attributes":[{"name":"x","before":` + v + `,"after": ` + v + ` }]}`)
		f.Add(`{"new":[` + v + `],"partial":` + v + `,"left":` + v + `}`)
	}
	for _, n := range []int{1, maxDepth - 1, maxDepth, maxDepth + 1, maxDepth + 2, maxDepth + 9, 3 * maxDepth} {
		f.Add(`{"new":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
		f.Add(`{"new":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + `}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sameAs(t, text, Parse, func(c *state.Change) []byte { return new(Writer).Append(nil, c, Full) })
		sameAs(t, text, ParseRecord, func(r *planner.Record) []byte { return new(Writer).AppendRecord(nil, r) })
	})
}

// sameAs compares what parse makes of a text with what a general reader does.
func sameAs[T any](t *testing.T, text string, parse func(string) (*T, error), form func(*T) []byte) {
	got, err := parse(text)
	var want T
	refused := jsonv2.Unmarshal([]byte(text), &want)
	if err != nil {
		if refused == nil && !strings.Contains(text, "null") && nested(text) <= maxDepth {
			t.Fatalf("refused %q: %v", text, err)
		}
		return
	}
	if utf8.ValidString(text) && !json.Valid([]byte(text)) || nested(text) > maxDepth+5 {
		t.Fatalf("accepted %q", text)
	}
	if d := cmp.Diff(got, &want, equal); refused == nil && d != "" {
		t.Fatalf("%q is read otherwise:\n%s", text, d)
	}
	again, err := parse(string(form(got)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, again, equal); d != "" {
		t.Fatal(d)
	}
}

// nested is how deep a valid text's brackets stand inside each other at most.
func nested(text string) (most int) {
	d := jsontext.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.ReadToken(); err != nil {
			return most
		}
		most = max(most, d.StackDepth())
	}
}

func BenchmarkAppend(b *testing.B) {
	c, w, buf := sample(1), Writer{}, []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf = w.Append(buf[:0], c, Full)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkParse(b *testing.B) {
	text := new(Writer).Append(nil, sample(1), Full)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(string(text)); err != nil {
			b.Fatal(err)
		}
	}
}
