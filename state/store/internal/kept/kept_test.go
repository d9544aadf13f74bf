package kept_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/kept"
)

func TestKept(t *testing.T) {
	k := &state.Kept{Scope: "staff", Rule: "created", Values: true,
		Attributes: []state.KeptAttribute{{Name: "department", Before: state.String("Sales"), After: state.String("Revenue")},
			{Name: "accountEnabled", Before: state.Bool(true)}},
		Source: []state.KeptAttribute{{Name: "mS-DS-ConsistencyGuid", After: state.String("AQI=")}}}
	s, err := kept.New(state.Key{1, 31: 2})
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Text(k, "1/2/a")
	if err != nil || strings.Contains(text, "Sales") || strings.Contains(text, "department") {
		t.Fatal(text, err)
	}
	got, err := s.Open(text, "1/2/a")
	if d := cmp.Diff(k, got); d != "" || err != nil {
		t.Error(d, err)
	}
	other, _ := kept.New(state.Key{1, 31: 3})
	for what, err := range map[string]error{"another step": second(s.Open(text, "1/3/a")), "another key": second(other.Open(text, "1/2/a")),
		"changed": second(s.Open(text[:9]+"AAAA"+text[13:], "1/2/a")), "cut": second(s.Open(text[:20], "1/2/a"))} {
		if err == nil {
			t.Errorf("%s: it opens", what)
		}
	}
	forged := `{"values":true,"attributes":[{"name":"accountEnabled","before":true,"after":false}]}`
	if _, err := s.Open(forged, "1/2/a"); err == nil {
		t.Error("values in the clear: they open")
	}
	bare, err := (*kept.Sealer)(nil).Text(k, "1/2/a")
	if err != nil || strings.Contains(bare, "Sales") || !strings.Contains(bare, "department") {
		t.Error(bare, err)
	}
	if got, err = s.Open(bare, "1/2/a"); err != nil || got.Values || !cmp.Equal(got, k.WithoutValues()) || k.Attributes[0].Before.IsNull() {
		t.Error(got, err)
	}
	if text, err := s.Text(nil, "x"); text != "" || err != nil {
		t.Error(text, err)
	}
	if got, err := s.Open("", "x"); got != nil || err != nil {
		t.Error(got, err)
	}
}

func second(_ *state.Kept, err error) error { return err }
