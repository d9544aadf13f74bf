package planfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

func newKey(t testing.TB) seal.Key {
	t.Helper()
	key, err := seal.NewKey()
	check(t, err)
	return key
}

func newKeys(t testing.TB) *seal.Keys {
	t.Helper()
	return seal.New(newKey(t))
}

// encrypted writes an encrypted plan file.
func encrypted(t testing.TB, keys *seal.Keys) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan")
	w, err := planfile.Create(path, header(), keys)
	check(t, err)
	fill(t, w)
	return path
}

// TestEncryptedRoundTrip: an encrypted plan is the same plan, and shows nothing of it. Its digest is that of what it
// holds.
func TestEncryptedRoundTrip(t *testing.T) {
	key := newKey(t)
	path := encrypted(t, seal.New(key))
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	data, err := os.ReadFile(path)
	check(t, err)
	for _, word := range []string{"dirform_plan", "contoso", "change", changes()[0].Address} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("the file holds %q", word)
		}
	}
	plain, err := planfile.Open(write(t), nil)
	check(t, err)
	defer plain.Close()
	for _, keys := range []*seal.Keys{seal.New(key), seal.New(newKey(t), key)} {
		r, err := planfile.Open(path, keys)
		check(t, err)
		compare(t, r)
		if r.Digest() != plain.Digest() {
			t.Errorf("digest %s, in the clear it is %s", r.Digest(), plain.Digest())
		}
		check(t, r.Close())
	}
	wantFiles(t, filepath.Dir(path), "plan")
}

// TestEncryptedPlansReplacePlans: an encrypted plan takes the place of any other plan, and of nothing else.
func TestEncryptedPlansReplacePlans(t *testing.T) {
	keys := newKeys(t)
	for name, path := range map[string]string{"an encrypted one": encrypted(t, newKeys(t)), "one in the clear": write(t)} {
		w, err := planfile.Create(path, header(), keys)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fill(t, w)
		r, err := w.Reopen()
		check(t, err)
		compare(t, r)
		check(t, r.Close())
	}
	path := filepath.Join(t.TempDir(), "notes")
	check(t, os.WriteFile(path, []byte("notes"), 0o600))
	if _, err := planfile.Create(path, header(), keys); err == nil {
		t.Error("a plan takes the place of notes")
	}
}

// TestEncryptedRefusals: each cause has its own refusal, with what to do.
func TestEncryptedRefusals(t *testing.T) {
	keys := newKeys(t)
	data, err := os.ReadFile(encrypted(t, keys))
	check(t, err)
	clear, err := os.ReadFile(write(t))
	check(t, err)
	changed := bytes.Clone(data)
	changed[len(changed)/2] ^= 1
	newer := bytes.Clone(data)
	newer[seal.MagicSize]++
	for name, test := range map[string]struct {
		keys *seal.Keys
		data []byte
		want error
	}{
		"no key":        {nil, data, planfile.ErrNoKey},
		"another key":   {newKeys(t), data, planfile.ErrWrongKey},
		"in the clear":  {keys, clear, planfile.ErrClear},
		"changed":       {keys, changed, planfile.ErrEdited},
		"cut":           {keys, data[:len(data)/2], planfile.ErrTruncated},
		"cut at once":   {keys, data[:seal.MagicSize], planfile.ErrTruncated},
		"empty":         {keys, nil, planfile.ErrTruncated},
		"appended":      {keys, append(bytes.Clone(data), '\n'), planfile.ErrTruncated},
		"a newer one":   {keys, newer, planfile.ErrNewer},
		"something":     {keys, []byte("state = 1\n"), planfile.ErrNotPlan},
		"clear, cut":    {keys, clear[:100], planfile.ErrClear},
		"clear, forged": {keys, []byte(reseal(strings.Replace(string(clear), "link", "skip", 1))), planfile.ErrClear},
	} {
		path := filepath.Join(t.TempDir(), "monday.dfplan")
		check(t, os.WriteFile(path, test.data, 0o600))
		_, err := planfile.Open(path, test.keys)
		var told fault.Described
		if !errors.Is(err, test.want) || !errors.As(err, &told) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f := told.Fault()
		if f.Summary == "" || f.Hint == "" || !strings.Contains(f.Detail, "monday.dfplan") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestNobodyForgesEncryptedPlans: a file of many segments that was changed anywhere is refused before anything of it is
// used, whoever wrote the other parts.
func TestNobodyForgesEncryptedPlans(t *testing.T) {
	keys := newKeys(t)
	long := func(city string) []byte {
		path := filepath.Join(t.TempDir(), "plan")
		w, err := planfile.Create(path, header(), keys)
		check(t, err)
		for i := range 2_000 {
			check(t, w.Change(&state.Change{Address: fmt.Sprint(city, i), Action: state.ActionUpdate,
				Reason: strings.Repeat(city, 20)}))
		}
		check(t, w.Close(planner.Totals{}))
		data, err := os.ReadFile(path)
		check(t, err)
		return data
	}
	mine, other := long("Linz"), long("Graz")
	const segment, begin = 64 << 10, 50
	if len(mine) < 4*segment || len(mine) != len(other) {
		t.Fatalf("%d and %d bytes", len(mine), len(other))
	}
	path := filepath.Join(t.TempDir(), "plan")
	rapid.Check(t, func(rt *rapid.T) {
		data := bytes.Clone(mine)
		part := func(label string) (from, to int) {
			from = begin + segment*rapid.IntRange(0, (len(mine)-begin)/segment-1).Draw(rt, label)
			return from, from + segment
		}
		switch rapid.IntRange(0, 3).Draw(rt, "way") {
		case 0:
			data[rapid.IntRange(0, len(data)-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 1:
			from, to := part("other's")
			copy(data[from:to], other[from:to])
		case 2:
			from, to := part("from")
			at, _ := part("at")
			copy(data[at:], mine[from:to])
		case 3:
			from, to := part("without")
			data = slices.Delete(data, from, to)
		}
		if bytes.Equal(data, mine) {
			return
		}
		check(t, os.WriteFile(path, data, 0o600))
		if r, err := planfile.Open(path, keys); err == nil {
			r.Close()
			rt.Fatal("it opens")
		}
	})
}

// BenchmarkReadEncrypted is the cost per change of opening an encrypted plan and running through its changes.
func BenchmarkReadEncrypted(b *testing.B) {
	for name, keys := range map[string]*seal.Keys{"clear": nil, "encrypted": newKeys(b)} {
		path := filepath.Join(b.TempDir(), "plan")
		w, err := planfile.Create(path, planner.Header{}, keys)
		check(b, err)
		const n = 10_000
		c := newUser(1)
		for range n {
			check(b, w.Change(c))
		}
		check(b, w.Close(planner.Totals{}))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := planfile.Open(path, keys)
				check(b, err)
				for _, err := range r.Changes() {
					check(b, err)
				}
				check(b, r.Close())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/change")
		})
	}
}
