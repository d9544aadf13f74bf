package wrap_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store/internal/wrap"
)

func newKeys(t *testing.T, previous ...seal.Key) (*seal.Keys, seal.Key) {
	t.Helper()
	k, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return seal.New(k, previous...), k
}

// TestKey: what is noted is found again, and said to be outdated exactly if it would be noted otherwise now.
func TestKey(t *testing.T) {
	mine, key := newKeys(t)
	rotated, _ := newKeys(t, key)
	other, _ := newKeys(t)
	secret := state.Key{1, 2, 3}
	note := func(keys *seal.Keys) map[string]string {
		name, value, err := wrap.Note(secret, keys, "lineage")
		if err != nil || keys != nil && strings.Contains(value, base64.StdEncoding.EncodeToString(secret[:3])) {
			t.Fatal(value, err)
		}
		return map[string]string{name: value}
	}
	clear, wrapped := note(nil), note(mine)
	both := map[string]string{wrap.Clear: clear[wrap.Clear], wrap.Wrapped: wrapped[wrap.Wrapped]}
	for name, test := range map[string]struct {
		values   map[string]string
		keys     *seal.Keys
		lineage  string
		outdated bool
		err      error
	}{
		"in the clear":             {clear, nil, "lineage", false, nil},
		"in the clear, to be kept": {clear, mine, "lineage", true, nil},
		"wrapped":                  {wrapped, mine, "lineage", false, nil},
		"wrapped by an earlier":    {wrapped, rotated, "lineage", true, nil},
		"wrapped, no key":          {wrapped, nil, "lineage", false, seal.ErrNoKey},
		"wrapped, another key":     {wrapped, other, "lineage", false, seal.ErrWrongKey},
		"of another record":        {wrapped, mine, "other", false, wrap.ErrNotAsWritten},
		"both":                     {both, mine, "lineage", false, wrap.ErrNotAsWritten},
		"none":                     {nil, nil, "lineage", false, wrap.ErrNotAsWritten},
		"cut":                      {map[string]string{wrap.Clear: "AAAA"}, nil, "lineage", false, wrap.ErrNotAsWritten},
	} {
		got, outdated, err := wrap.Key(test.values, test.keys, test.lineage, "contoso.dfstate")
		right := errors.Is(err, test.err) && (err == nil) == (test.err == nil) && (err != nil || got == secret)
		if !right || outdated != test.outdated {
			t.Errorf("%s: %v, outdated %v", name, err, outdated)
		}
		told := strings.Contains(fault.Describe(err).Detail, "contoso.dfstate") &&
			strings.Contains(fault.Describe(err).Hint, "state rebuild")
		if err != nil && !errors.Is(err, wrap.ErrNotAsWritten) && !told {
			t.Errorf("%s: %+v", name, fault.Describe(err))
		}
	}
	if wrap.Other(wrap.Clear) != wrap.Wrapped || wrap.Other(wrap.Wrapped) != wrap.Clear {
		t.Error("neither name is the other's")
	}
}
