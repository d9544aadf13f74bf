package near

import (
	"strings"
	"testing"
	"testing/quick"
)

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 0, 0},
		{"plan", "plan", 0, 0},
		{"plan", "plam", 0, 1},
		{"plan", "plam", 2, 1},
		{"aab", "bbac", 1, 2},
		{"plan", "paln", 1, 1}, // a swap is one edit
		{"plan", "apln", 2, 2},
		{"verison", "versions", 2, 2}, // a swap and a letter
		{"plan", "", 2, 3},
		{"", "ab", 2, 2},
		{"zoë", "zoe", 1, 1}, // letters, not bytes
		{"department", "dpeartmnet", 2, 3},
		{"department", "description", 2, 3},
	} {
		for _, ab := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := Edits(ab[0], ab[1], tt.limit); got != tt.want {
				t.Errorf("Edits(%q, %q, %d) = %d, want %d", ab[0], ab[1], tt.limit, got, tt.want)
			}
		}
	}
}

// TestEditsAgainstTheDefinition: where the textbook's recurrence says that nothing or one edit leads from a to b, Edits
// says so, and it says so nowhere else.
func TestEditsAgainstTheDefinition(t *testing.T) {
	spell := func(n uint32) string { // a short word of few letters, so that words are often near
		var b strings.Builder
		for ; n > 1; n /= 3 {
			b.WriteByte("abc"[n%3])
		}
		return b.String()
	}
	check := func(x, y uint16) bool {
		a, b := spell(uint32(x)%729), spell(uint32(y)%729)
		want := textbook(a, b)
		got := Edits(a, b, 2)
		return got == want || got > 1 && want > 1
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 10_000}); err != nil {
		t.Error(err)
	}
}

// textbook is the distance with insertion, deletion, replacement and swap of neighbours, straight from its definition.
func textbook(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	}
	cost := 1
	if a[0] == b[0] {
		cost = 0
	}
	d := min(textbook(a[1:], b)+1, textbook(a, b[1:])+1, textbook(a[1:], b[1:])+cost)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, textbook(a[2:], b[2:])+1)
	}
	return d
}

func TestClosest(t *testing.T) {
	candidates := []string{"department", "displayName", "mail", "ou", "plan", "Version", "st", "st2"}
	for name, want := range map[string]string{
		"departmnet": "department", "DepartmentX": "department", "displyNam": "displayName", "mial": "mail", "malx": "", "uo": "", "xx": "", "": "",
		"dparmtnt": "", "DISPLAYNAME": "displayName", "xy": "", "s": "", "stt": "st", "sn": "", "description": "", "verison": "Version", "pln": "plan",
	} {
		if got := Closest(name, candidates); got != want {
			t.Errorf("Closest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := DidYouMean("mial", candidates); got != ` Did you mean "mail"?` {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("nothing", candidates); got != "" {
		t.Errorf("got %q", got)
	}
}
