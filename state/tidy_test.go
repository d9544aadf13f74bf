package state_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
)

func TestTidy(t *testing.T) {
	for in, want := range map[string]string{
		"Ann": "Ann", " Ann": "Ann", "Ann\u00a0": "Ann", "\u200bAnn Lee\ufeff": "Ann Lee", "A\u00a0L": "A\u00a0L", "Ann\r\n": "Ann", "Ő": "Ő",
		"\u2003Ő\t": "Ő",
	} {
		if got := state.Tidy(state.String(in)); got.Str() != want {
			t.Errorf("%q becomes %q, not %q", in, got.Str(), want)
		}
	}
	for _, in := range []string{" ", "\u00a0", "\t\u200b ", ""} {
		if got := state.Tidy(state.String(in)); got.Str() != "" || in != "" && !got.IsNull() {
			t.Errorf("%q becomes %v, not null", in, got)
		}
		if !state.Blank(in) {
			t.Errorf("%q is not blank", in)
		}
	}
	got := state.Tidy(state.List([]string{"a", " ", " b", "c"})).List()
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
	if got := state.Tidy(state.List([]string{" ", "\u00a0"})); !got.IsNull() {
		t.Errorf("a list of blanks becomes %v, not null", got)
	}
	for _, v := range []state.Value{state.Null(), state.Bool(true), state.Int(3), state.List([]string{"a", "b"})} {
		if diff := cmp.Diff(v, state.Tidy(v)); diff != "" {
			t.Error(diff)
		}
	}
}
