package visible_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/state/visible"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Jane Doe, R&D \"x\" a\\b", "Jane Doe, R&D \"x\" a\\b"},
		{"Zoë Müller 山田 Ελένη 😀", "Zoë Müller 山田 Ελένη 😀"},
		{"CN=Doe\\, Jane", "CN=Doe\\, Jane"},
		{"a\nb\tc\rd", `a\nb\tc\rd`},
		{"\x1b[2J\x00\x7f\u0085", `\x1b[2J\x00\x7f\u0085`},
		{"user\u202egnp.exe", `user\u202egnp.exe`},
		{"zero\u200bwidth\ufeff \u00adsoft\u2060", `zero\u200bwidth\ufeff \u00adsoft\u2060`},
		{"tags\U000e0041", `tags\U000e0041`},
		{"fillers \u3164\u115f\u2800\uffa0", `fillers \u3164\u115f\u2800\uffa0`},
		{"sep\u2028\u2029", `sep\u2028\u2029`},
		{"caf\xe9 \xed\xa0\x80", `caf\xe9 \xed\xa0\x80`},
		{"\ufffd stays", "\ufffd stays"},
		{"a\ufe0fb", `a\ufe0fb`},
		{"\u2764\ufe0f 1\ufe0f\u20e3 \u845b\U000e0100", "\u2764\ufe0f 1\ufe0f\u20e3 \u845b\U000e0100"},
		{"\u2764\ufe0f\ufe0f", "\u2764\ufe0f" + `\ufe0f`},
		{"x ##vso[task.complete]", `x #\u0023vso[task.complete]`},
		{"x ##[add-mask]a", `x #\u0023[add-mask]a`},
		{"####[x", `#\u0023#\u0023[x`},
		{"C# and #1", "C# and #1"},
		{"::set-output name=x::y", `:\u003aset-output name=x::y`},
		{"  ::debug::x", `  :\u003adebug::x`},
		{"a ::debug::x", "a ::debug::x"},
		{": :x", ": :x"},
		{"\n::debug::x", `\n::debug::x`},
	} {
		if got := visible.Line(c.in); got != c.want {
			t.Errorf("Line(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`},
		{"Jane", `"Jane"`},
		{`a "b" \c`, `"a \"b\" \\c"`},
		{"::x ##[y] \u202e\xff", `"::x #\u0023[y] \u202e\xff"`},
	} {
		if got := visible.Quote(c.in); got != c.want {
			t.Errorf("Quote(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}

// through is what a wall makes of texts that are written to it.
func through(terminal bool, texts ...string) string {
	var b strings.Builder
	w := visible.NewWriter(&b, terminal)
	for _, s := range texts {
		if n, err := io.WriteString(w, s); n != len(s) || err != nil {
			panic("a write of a text is short")
		}
	}
	w.Close()
	return b.String()
}

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		in       []string
		want     string
	}{
		{"plain", false, []string{"  ~ user\n\tx: \"a\" -> \"b\"\n"}, "  ~ user\n\tx: \"a\" -> \"b\"\n"},
		{"a command over two writes", false, []string{"x #", "#vso[task.complete]\n:", ":debug::x\n"},
			"x #\\u0023vso[task.complete]\n:\\u003adebug::x\n"},
		{"a command behind blanks", false, []string{"\n \t ::debug::x"}, "\n \t :\\u003adebug::x"},
		{"a character over three writes", false, []string{"a\xe2", "\x80", "\xaeb é\xc3", "\xa9"}, "a\\u202eb éé"},
		{"a character without an end", false, []string{"a\xe2\x80"}, "a\\xe2\\x80"},
		{"colours where there is no terminal", false, []string{"\x1b[1mbold\x1b[0m\r\x1b[K"},
			"\\u001b[1mbold\\u001b[0m\\u000d\\u001b[K"},
		{"colours on a terminal", true, []string{"\x1b[1;31mbold\x1b[0", "m\r\x1b[K10 of 20"},
			"\x1b[1;31mbold\x1b[0m\r\x1b[K10 of 20"},
		{"others' sequences on a terminal", true, []string{"\x1b[8mhidden\x1b[2J\x1b]0;title\a\rover"},
			"\\u001b[8mhidden\\u001b[2J\\u001b]0;title\\u0007\\u000dover"},
		{"a command behind a colour", true, []string{"\x1b[2m::debug::x #\x1b[0m#[x\r\x1b[K::y"},
			"\x1b[2m:\\u003adebug::x #\x1b[0m\\u0023[x\r\x1b[K:\\u003ay"},
	} {
		if got := through(c.terminal, c.in...); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

// A document of JSON is the same data behind the wall.
func TestWriterKeepsJSON(t *testing.T) {
	in := map[string]any{"a": hostile, "##[b]": []any{"::debug::x", "é 😀", nil, 1.5}}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out := through(false, string(b))
	var got map[string]any
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if again, _ := json.Marshal(got); !bytes.Equal(again, b) {
		t.Errorf("got %s\nwant %s", again, b)
	}
	if why := unsafe(out); why != "" {
		t.Errorf("%s in %q", why, out)
	}
}

const hostile = "x\n::debug::y ##vso[z] " +
	"\u202e\u200b\u00ad\U000e0041\u2764\ufe0fa\ufe0f \x7f\u0085\ufeff\u2028\u061c\x1b[2J"

// unmarked are letters, marks and symbols that leave no mark on paper, each for a reason of its own.
const unmarked = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159"

// unsafe says what a person does not see, or a CI system obeys, in a text of lines; "" is nothing. It goes by
// other means than the package.
func unsafe(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case !utf8.ValidString(line):
			return "invalid UTF-8"
		case strings.Contains(line, "##"):
			return "a command anywhere"
		case strings.HasPrefix(strings.TrimSpace(line), "::"):
			return "a command at the start"
		}
		for _, r := range line {
			if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) && r != '\t' || unicode.Is(unicode.Z, r) && r != ' ' ||
				strings.ContainsRune(unmarked, r) {
				return strconv.QuoteRuneToASCII(r)
			}
		}
	}
	return ""
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "Jane Doe", hostile, "caf\xe9", "####[", " \t::a\n::b", "\xe2\x80", "\\u202e\u202e", "\"\\",
		"C#\ufe0f",
		"12345678\x0012345678", "1234567#12345678#", "abcdefg\xff", strings.Repeat("é", 9)} {
		f.Add(s, uint16(3))
	}
	for _, r := range unmarked {
		f.Add("Jane"+string(r), uint16(5))
	}
	f.Fuzz(func(t *testing.T, s string, split uint16) {
		line := visible.Line(s)
		if why := unsafe(line); why != "" || strings.ContainsAny(line, "\n\t") {
			t.Fatalf("Line(%q) = %q: %s", s, line, why)
		}
		if again := visible.Line(line); again != line {
			t.Fatalf("Line(Line(%q)) = %q, not %q", s, again, line)
		}
		quoted := visible.Quote(s)
		if back, err := strconv.Unquote(quoted); err != nil || back != s {
			t.Fatalf("Quote(%q) = %s, which is %q, %v", s, quoted, back, err)
		}
		if why := unsafe(quoted); why != "" {
			t.Fatalf("Quote(%q) = %s: %s", s, quoted, why)
		}
		at := int(split) % (len(s) + 1)
		whole, parts := through(false, s), through(false, s[:at], s[at:])
		if why := unsafe(whole); why != "" || whole != parts {
			t.Fatalf("%q is written as %q, and %q when split at %d: %s", s, whole, parts, at, why)
		}
		if again := through(false, whole); again != whole {
			t.Fatalf("%q is written as %q, and that as %q", s, whole, again)
		}
		document, _ := json.Marshal(s)
		var meant, back string
		_ = json.Unmarshal(document, &meant)
		if err := json.Unmarshal([]byte(through(false, string(document))), &back); err != nil || back != meant {
			t.Fatalf("%s is %q behind the wall: %v", document, back, err)
		}
		coloured := through(true, s)
		for _, own := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m",
			"\x1b[1;31m", "\x1b[1;33m", "\r\x1b[K"} {
			coloured = strings.ReplaceAll(coloured, own, "")
		}
		if strings.ContainsAny(coloured, "\x1b\r\a") {
			t.Fatalf("%q passes on a terminal as %q", s, coloured)
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	for name, line := range map[string]string{
		"text":     "  ~ user.staff[\"jdoe@contoso.com\"] will be updated\n      department: \"Sales\" -> \"Revenue\"\n",
		"json":     `{"address":"user.staff[\"jdoe@contoso.com\"]","kind":"user","action":"create","anchor":"AA"},` + "\n",
		"cyrillic": "Иван Петров; ",
	} {
		b.Run(name, func(b *testing.B) {
			w := visible.NewWriter(io.Discard, false)
			p := []byte(strings.Repeat(line, 1000))
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				w.Write(p)
			}
		})
	}
}

func BenchmarkLine(b *testing.B) {
	for name, s := range map[string]string{"ascii": "jane.doe@contoso.com", "latin": "Zoë Müller"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				visible.Line(s)
			}
		})
	}
}

// What Hides answers without a search is what the search says.
func TestLettersOfMostNames(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		seen := strconv.IsPrint(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
		if visible.Hides(r) == seen && r != 0x2800 && r != 0x1d159 {
			t.Errorf("%U: hides is %v", r, !seen)
		}
	}
}

func TestTrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		lines bool
		name  string
		n     int
	}{
		{"Jane Doe", false, "", 0},
		{" ##[x] ::y", false, "", 0},
		{"Zoë Müller 山田\u3000太郎 a\u00a0b \u2764\ufe0f 1\ufe0f\u20e3", false, "", 0},
		{"\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", false, "", 0}, // Persian
		{"\u0915\u094d\u200d\u0937", false, "", 0},                   // Devanagari
		{"\U0001f469\u200d\U0001f680 \u2764\ufe0f\u200d\U0001f525", false, "", 0},
		{"Ja\u202ene", false, "U+202E RIGHT-TO-LEFT OVERRIDE", 3},
		{"Zoë\u200b", false, "U+200B ZERO WIDTH SPACE", 4},
		{"Ja\u200cne", false, "U+200C ZERO WIDTH NON-JOINER", 3},
		{"\u0639\u200c", false, "U+200C ZERO WIDTH NON-JOINER", 2},
		{"\ufeffJane", false, "U+FEFF ZERO WIDTH NO-BREAK SPACE (BYTE ORDER MARK)", 1},
		{"Jane\ufe0f", false, "U+FE0F VARIATION SELECTOR", 5},
		{"12\ufe0f", false, "U+FE0F VARIATION SELECTOR", 3}, // no key cap without its frame
		{"#\ufe0f1", false, "U+FE0F VARIATION SELECTOR", 2},
		{"\u2800\u2800", false, "U+2800 BRAILLE PATTERN BLANK", 1},
		{"x\U0001d159", false, "U+1D159 MUSICAL SYMBOL NULL NOTEHEAD", 2},
		{"x\U000e0041", false, "U+E0041 TAG CHARACTER", 2},
		{"x\x07", true, "U+0007 CONTROL CHARACTER", 2},
		{"1 Main St\r\n2nd\tfloor", true, "", 0},
		{"1 Main St\n2nd floor", false, "U+000A LINE FEED", 10},
		{"\u3164", false, "U+3164 HANGUL FILLER", 1},
		{"caf\xe9", false, "0xE9, which is not UTF-8", 4},
		{"caf\ufffd", false, "U+FFFD REPLACEMENT CHARACTER, which stands for bytes that were not UTF-8", 4},
	} {
		if name, n := visible.Trap(c.in, c.lines); name != c.name || (n != c.n) {
			t.Errorf("Trap(%q) = %q, %d, want %q, %d", c.in, name, n, c.name, c.n)
		}
	}
}

func TestFprintf(t *testing.T) {
	type kind string
	var b strings.Builder
	visible.Fprintf(&b, "%d %-6s|%s|%q|%v|%s\n%s",
		7, "a\n", kind("\u202e"), "##[\"", io.EOF, []byte("as\nis"), time.Second)
	if want := "7 a\\n   |\\u202e|\"#\\u0023[\\\"\"|EOF|as\nis\n1s"; b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}
