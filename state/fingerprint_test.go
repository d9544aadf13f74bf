package state_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/state"
)

// texts are names as directories hold them, and bytes that are no text at all.
func texts() *rapid.Generator[string] {
	alphabet := rapid.SampledFrom([]rune("aZ09 @.-éŐßİıΣςΩµ\u00c5\u0041\u030a\u0301\u0307ﬁĳǄ한ｱ\u1161\u0f71\U0001f600\ufffd\u02ff\u0300"))
	return rapid.OneOf(rapid.StringOf(alphabet), rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
}

// The short cuts give what the libraries give.
func TestCanonicalForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := texts().Draw(t, "s")
		if got, want := state.NFC(s), norm.NFC.String(s); got != want {
			t.Errorf("NFC of %q: %q, want %q", s, got, want)
		}
		if got, want := state.Canonical(state.EqualFold, s), strings.ToLower(norm.NFC.String(s)); got != want {
			t.Errorf("folded %q: %q, want %q", s, got, want)
		}
	})
}

// Fingerprints are kept in states, so they never change.
func TestFingerprintsStay(t *testing.T) {
	h := state.NewHasher(state.Key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	for _, c := range []struct {
		equality state.Equality
		value    state.Value
		want     uint64
	}{
		{state.EqualExact, state.Null(), 0x93fddc6209384191},
		{state.EqualExact, state.String(""), 0x93fddc6209384191},
		{state.EqualExact, state.List(nil), 0x93fddc6209384191},
		{state.EqualExact, state.List([]string{"", ""}), 0x93fddc6209384191},
		{state.EqualExact, state.String("Ann Érdi"), 0x1cd9613c9eb180c5},
		{state.EqualFold, state.String("Ann ÉRDI"), 0x61afb6dc93fd1d23},
		{state.EqualProxy, state.List([]string{"smtp:B@x", "SMTP:A@x"}), 0xdc3ed2cb8197af19},
		{state.EqualPhone, state.String("+36 (1) 555-0100"), 0x3bef140939e53330},
		{state.EqualExact, state.Bool(true), 0xdd28ad92acf0d1a2},
		{state.EqualExact, state.Int(512), 0x17ec8b006385bd38},
	} {
		if got := h.Fingerprint(&state.Attribute{Equality: c.equality}, c.value); got != c.want {
			t.Errorf("%v %q: %#x, want %#x", c.equality, c.value.Text(), got, c.want)
		}
	}
}
