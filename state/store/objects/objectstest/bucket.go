package objectstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/store/objects"
)

func write(ctx context.Context, b objects.Bucket, name, content string, over objects.Version) (objects.Version, error) {
	return b.Put(ctx, name, io.NewSectionReader(bytes.NewReader([]byte(content)), 0, int64(len(content))), over)
}

func read(t testing.TB, b objects.Bucket, name string) (string, objects.Info) {
	t.Helper()
	r, info, err := b.Get(t.Context(), name)
	if err != nil {
		t.Fatal(name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(name, err)
	}
	return string(content), info
}

// Run holds an empty bucket to what an [objects.Bucket] promises.
func Run(t *testing.T, b objects.Bucket) {
	t.Run("one object", func(t *testing.T) { testOne(t, b) })
	t.Run("names", func(t *testing.T) { testNames(t, b) })
	t.Run("racers", func(t *testing.T) { testRacers(t, b) })
}

func testOne(t *testing.T, b objects.Bucket) {
	ctx := t.Context()
	if _, err := b.Stat(ctx, "one"); !errors.Is(err, objects.ErrAbsent) {
		t.Error("stat of none:", err)
	}
	if _, _, err := b.Get(ctx, "one"); !errors.Is(err, objects.ErrAbsent) {
		t.Error("get of none:", err)
	}
	first, err := write(ctx, b, "one", "content 1", "")
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	if _, err := write(ctx, b, "one", "content 2", ""); !errors.Is(err, objects.ErrChanged) {
		t.Error("made where there is one:", err)
	}
	content, info := read(t, b, "one")
	stat, err := b.Stat(ctx, "one")
	if err != nil || content != "content 1" || info.Version != first || stat.Version != first || info.Size != 9 || stat.Size != 9 {
		t.Errorf("%q %+v %+v %v", content, info, stat, err)
	}
	if age := info.Now.Sub(info.Modified); age < -2*time.Second || age > time.Minute || stat.Now.Sub(stat.Modified) < -2*time.Second {
		t.Errorf("written %v before it was read", age)
	}
	second, err := write(ctx, b, "one", "content 3", first)
	if err != nil || second == first {
		t.Error(second, err)
	}
	if _, err := write(ctx, b, "one", "content 4", first); !errors.Is(err, objects.ErrChanged) {
		t.Error("written over an older version:", err)
	}
	if content, _ := read(t, b, "one"); content != "content 3" {
		t.Error(content)
	}
	for range 2 {
		if err := b.Delete(ctx, "one"); err != nil {
			t.Error(err)
		}
	}
	if _, err := write(ctx, b, "one", "content 5", second); !errors.Is(err, objects.ErrChanged) {
		t.Error("written over one that is gone:", err)
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	if _, err := write(ctx, b, "large", string(large), ""); err != nil {
		t.Error(err)
	}
	if got, _ := read(t, b, "large"); got != string(large) {
		t.Errorf("%d bytes of %d", len(got), len(large))
	}
}

func testNames(t *testing.T, b objects.Bucket) {
	var want []string
	for _, name := range []string{"team a/contoso.dfstate", "team a/contoso.dfstate.lock", "team a/contoso.dfstate.journal/0123/00000001",
		"team a/contoso.dfstate.journal/0123/00000002", "team a/ü+%&=?#~.x"} {
		if _, err := write(t.Context(), b, name, name, ""); err != nil {
			t.Fatal(name, err)
		}
		if content, _ := read(t, b, name); content != name {
			t.Errorf("%s holds %q", name, content)
		}
		want = append(want, name)
	}
	got, err := b.List(t.Context(), "team a/")
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	got, err = b.List(t.Context(), "team a/contoso.dfstate.journal/")
	if err != nil || len(got) != 2 {
		t.Errorf("%q %v", got, err)
	}
}

// testRacers: of racers who make an object, or replace a version, exactly one does.
func testRacers(t *testing.T, b objects.Bucket) {
	const racers, rounds = 8, 10
	version := objects.Version("")
	for round := range rounds {
		versions := make([]objects.Version, racers)
		errs := make([]error, racers)
		var all sync.WaitGroup
		for i := range racers {
			all.Go(func() {
				defer crash.Guard()
				versions[i], errs[i] = write(t.Context(), b, "race", fmt.Sprint(round, " ", i), version)
			})
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
				version = versions[i]
			case !errors.Is(err, objects.ErrChanged):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d have won", round, won)
		}
	}
}
