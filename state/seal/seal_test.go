package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/state/seal"
)

// How the format lays a file out, see the package's comment.
const (
	header  = 8 + 1 + 1 + 8 + 32
	segment = 64 << 10
	ending  = 8
)

func newKey(t testing.TB) seal.Key {
	t.Helper()
	k, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sealed is a sealed file of content, written in pieces of a size.
func sealed(t testing.TB, k *seal.Keys, content []byte, piece int) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := k.Writer(&file, seal.Plan)
	if err != nil {
		t.Fatal(err)
	}
	for p := range slices.Chunk(content, piece) {
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// opened reads a sealed file from a byte of its content on, and then once more: an error has to stay one.
func opened(k *seal.Keys, file []byte, start int64) (content []byte, size int64, err error) {
	f, err := k.Open(bytes.NewReader(file), int64(len(file)), seal.Plan)
	if err != nil {
		return nil, 0, err
	}
	r, err := f.From(start)
	if err != nil {
		return nil, 0, err
	}
	content, err = io.ReadAll(r)
	if n, again := r.Read(make([]byte, 1)); n != 0 || err != nil && again != err || err == nil && again != io.EOF {
		return content, 0, fmt.Errorf("after %v another read gives %d bytes, %v", err, n, again)
	}
	return content, f.Size(), err
}

// contents draws contents around the borders of segments.
var contents = rapid.Custom(func(t *rapid.T) []byte {
	n := rapid.SampledFrom([]int{0, 1, segment - 16, 2 * (segment - 16), 3*(segment-16) + 7}).Draw(t, "size")
	b := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "bytes"), n)
	return b[:max(0, min(n+rapid.IntRange(-2, 2).Draw(t, "more"), len(b)))]
})

// TestSealAndOpen: what was sealed comes out again, from every position, and no part of it can be seen in the file.
func TestSealAndOpen(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		keys, content := seal.New(newKey(t)), contents.Draw(rt, "content")
		file := sealed(t, keys, content, rapid.IntRange(1, 1<<17).Draw(rt, "piece"))
		start := rapid.IntRange(0, len(content)).Draw(rt, "start")
		got, size, err := opened(keys, file, int64(start))
		if err != nil || !bytes.Equal(got, content[start:]) || size != int64(len(content)) {
			rt.Fatalf("%d bytes of %d from %d, size %d: %v", len(got), len(content), start, size, err)
		}
	})
	keys, text := seal.New(newKey(t)), []byte("Jane Doe has a name that nobody is to see")
	a, b := sealed(t, keys, text, 100), sealed(t, keys, text, 100)
	known := seal.Sealed(a[:seal.MagicSize]) && !seal.Sealed(text)
	if bytes.Contains(a, text[:8]) || bytes.Equal(a[header:], b[header:]) || !known {
		t.Errorf("%q\n%q", a, b)
	}
}

// TestNobodyWithoutTheKeyChangesAFile is what somebody can try who may edit sealed files and lacks the key. Whatever he
// does, all that is handed out is how the content begins, and it ends in an error.
func TestNobodyWithoutTheKeyChangesAFile(t *testing.T) {
	key := newKey(t)
	keys := seal.New(key)
	other := sealed(t, keys, bytes.Repeat([]byte("other"), segment), 1000)
	theirs := sealed(t, seal.New(newKey(t)), bytes.Repeat([]byte("their"), segment), 1000)
	rapid.Check(t, func(rt *rapid.T) {
		content := contents.Draw(rt, "content")
		file := sealed(t, keys, content, 5000)
		parts := split(file)
		pick := func(of [][]byte, label string) int { return rapid.IntRange(1, len(of)-2).Draw(rt, label) }
		from := func(file []byte) []byte { all := split(file); return all[pick(all, "from")] }
		way := rapid.SampledFrom([]string{"flip", "cut", "append", "append and end", "swap", "leave out", "repeat",
			"other's segment", "their segment", "other's header", "end early"}).Draw(rt, "way")
		switch way {
		case "flip":
			at := rapid.IntRange(0, len(file)*8-1).Draw(rt, "bit")
			file = bytes.Clone(file)
			file[at/8] ^= 1 << (at % 8)
			parts = [][]byte{file}
		case "cut":
			parts = [][]byte{file[:rapid.IntRange(0, len(file)-1).Draw(rt, "to")]}
		case "append":
			parts = append(parts, rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(rt, "more"))
		case "append and end":
			parts = append(parts, rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "more"), parts[len(parts)-1])
		case "swap":
			i, j := pick(parts, "i"), pick(parts, "j")
			parts[i], parts[j] = parts[j], parts[i]
		case "leave out":
			i := pick(parts, "i")
			parts = slices.Delete(parts, i, i+1)
		case "repeat":
			i := pick(parts, "i")
			parts = slices.Insert(parts, i, parts[i])
		case "other's segment":
			parts[pick(parts, "i")] = from(other)
		case "their segment":
			parts[pick(parts, "i")] = from(theirs)
		case "other's header":
			parts[0] = split(other)[0]
		case "end early":
			parts = slices.Delete(parts, rapid.IntRange(1, len(parts)-2).Draw(rt, "at"), len(parts)-1)
		}
		changed := bytes.Join(parts, nil)
		if bytes.Equal(changed, file) && way != "flip" {
			return // two segments that are one
		}
		got, _, err := opened(keys, changed, 0)
		if err == nil || !bytes.HasPrefix(content, got) {
			rt.Fatalf("%s: %d bytes of %d, %v", way, len(got), len(content), err)
		}
		for _, known := range []error{seal.ErrClear, seal.ErrDamaged, seal.ErrTruncated, seal.ErrWrongKey,
			seal.ErrNewer, seal.ErrKind} {
			if errors.Is(err, known) {
				return
			}
		}
		rt.Fatalf("%s: %v", way, err)
	})
}

// split takes a sealed file apart: header, segments, end.
func split(file []byte) [][]byte {
	parts := [][]byte{file[:header]}
	parts = append(parts, slices.Collect(slices.Chunk(file[header:len(file)-ending], segment))...)
	return append(parts, file[len(file)-ending:])
}

// TestRefusals: each cause has its own error.
func TestRefusals(t *testing.T) {
	key := newKey(t)
	keys := seal.New(key)
	file := sealed(t, keys, []byte("content"), 100)
	at := func(i int, b byte) []byte {
		c := bytes.Clone(file)
		c[i] = b
		return c
	}
	for name, test := range map[string]struct {
		keys *seal.Keys
		file []byte
		want error
	}{
		"no key":              {nil, file, seal.ErrNoKey},
		"another key":         {seal.New(newKey(t), newKey(t)), file, seal.ErrWrongKey},
		"an earlier key":      {seal.New(newKey(t), newKey(t), key), file, nil},
		"in the clear":        {keys, []byte(`{"dirform_plan":{}}` + "\n"), seal.ErrClear},
		"nothing":             {keys, nil, seal.ErrClear},
		"cut in the header":   {keys, file[:20], seal.ErrTruncated},
		"only a header":       {keys, file[:header], seal.ErrTruncated},
		"no segment":          {keys, slices.Concat(file[:header], file[len(file)-ending:]), seal.ErrTruncated},
		"cut":                 {keys, file[:len(file)-1], seal.ErrTruncated},
		"a flipped bit":       {keys, at(header, file[header]^1), seal.ErrDamaged},
		"another salt":        {keys, at(header-1, file[header-1]^1), seal.ErrDamaged},
		"a newer format":      {keys, at(8, 2), seal.ErrNewer},
		"for another purpose": {keys, at(9, 'X'), seal.ErrKind},
	} {
		if _, _, err := opened(test.keys, test.file, 0); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestKeys: a key is one line, and shown nowhere else.
func TestKeys(t *testing.T) {
	key := newKey(t)
	text := key.Text()
	if back, err := seal.ParseKey(text); err != nil || back != key || len(text) != 44 || key == newKey(t) {
		t.Errorf("%d characters, %v", len(text), err)
	}
	for _, bad := range []string{"", text[:43], text + "\n", " " + text, text[:40], text + text,
		strings.Repeat("A", 43) + "=", text[:42] + "B=", "not a key", strings.Repeat("-_", 21) + "-="} {
		if _, err := seal.ParseKey(bad); err != seal.ErrKey && bad != text {
			t.Errorf("%q: %v", bad, err)
		}
	}
	asJSON, err := json.Marshal(struct{ K seal.Key }{key})
	for _, shown := range []string{fmt.Sprint(key), fmt.Sprintf("%v %x %q %d", key, key, key, key), string(asJSON)} {
		if !strings.Contains(shown, "(secret)") || strings.Contains(shown, text[:8]) || err != nil {
			t.Error(shown, err)
		}
	}
}

// TestWrap: a wrapped secret opens with its key and for its purpose alone.
func TestWrap(t *testing.T) {
	key, short := newKey(t), []byte("a short secret of thirty-two bytes")
	keys := seal.New(key)
	text, err := keys.Wrap(short, "lineage")
	if err != nil || strings.ContainsAny(text, " \n") {
		t.Fatal(text, err)
	}
	again, err := keys.Wrap(short, "lineage")
	if again == text || err != nil {
		t.Error("the same twice", err)
	}
	rotated := seal.New(newKey(t), key)
	for name, test := range map[string]struct {
		keys          *seal.Keys
		text, purpose string
		want          error
		current       bool
	}{
		"the same key":     {keys, text, "lineage", nil, true},
		"an earlier key":   {rotated, text, "lineage", nil, false},
		"no key":           {nil, text, "lineage", seal.ErrNoKey, false},
		"another key":      {seal.New(newKey(t)), text, "lineage", seal.ErrWrongKey, false},
		"another purpose":  {keys, text, "other", seal.ErrDamaged, false},
		"no wrapped text":  {keys, "AAAA", "lineage", seal.ErrDamaged, false},
		"a cut text":       {keys, text[:len(text)-8], "lineage", seal.ErrDamaged, false},
		"another's secret": {keys, text[:30] + again[30:], "lineage", seal.ErrDamaged, false},
	} {
		got, current, err := test.keys.Unwrap(test.text, test.purpose)
		if err != test.want || current != test.current || err == nil && !bytes.Equal(got, short) {
			t.Errorf("%s: %q, %v, %v", name, got, current, err)
		}
	}
}

// FuzzOpen: no file makes the reader hand out what was not sealed, fail otherwise than with an error of the package, or
// panic. A sealed file in which one byte is another, or that has a byte more or less anywhere, is refused.
func FuzzOpen(f *testing.F) {
	key, err := seal.ParseKey("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=")
	if err != nil {
		f.Fatal(err)
	}
	keys := seal.New(key)
	file := sealed(f, keys, []byte("content"), 100)
	long := sealed(f, keys, bytes.Repeat([]byte("x"), segment), 1<<20)
	for _, seed := range [][]byte{file, file[:len(file)-1], file[:header], long, nil} {
		f.Add(seed, uint16(0), byte(0), []byte(nil))
	}
	for at := range len(file) + 1 {
		f.Add([]byte(nil), uint16(at), byte(1), []byte(nil))
		f.Add([]byte(nil), uint16(at), byte(0), []byte("\x00"))
		f.Add([]byte(nil), uint16(at), byte(0), []byte("DFSEND\r\n"))
	}
	f.Fuzz(func(t *testing.T, other []byte, at uint16, flip byte, more []byte) {
		content, size, err := opened(keys, other, 0)
		if err == nil && int64(len(content)) != size {
			t.Errorf("%d bytes, and it says %d", len(content), size)
		}
		if err == nil && string(content) != "content" && strings.Trim(string(content), "x") != "" {
			t.Errorf("%q was not sealed", content)
		}
		if err != nil && strings.Contains(err.Error(), "another read") {
			t.Error(err)
		}
		edited, i := bytes.Clone(file), int(at)%(len(file)+1)
		if i < len(file) {
			edited[i] ^= flip
		}
		without := slices.Delete(bytes.Clone(file), min(i, len(file)-1), min(i, len(file)-1)+1)
		for _, edited := range [][]byte{slices.Insert(edited, i, more...), without} {
			content, _, err := opened(keys, edited, 0)
			if (err == nil) != bytes.Equal(edited, file) {
				t.Errorf("with %q in place of %q: %q, %v", edited, file, content, err)
			}
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	keys, content := seal.New(newKey(b)), make([]byte, 16<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, _, err := opened(keys, sealed(b, keys, content, 1<<18), 0); err != nil {
			b.Fatal(err)
		}
	}
}
