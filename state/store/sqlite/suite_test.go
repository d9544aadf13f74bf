package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/storetest"
)

func TestPlace(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Place {
		path := filepath.Join(t.TempDir(), "records", "a.dfstate")
		return func() store.Place { return sqlite.File(path) }
	})
}

func TestEncryptedPlace(t *testing.T) {
	storetest.RunEncrypted(t, func(t *testing.T) func(*seal.Keys) store.Place {
		path := filepath.Join(t.TempDir(), "records", "a.dfstate")
		return func(keys *seal.Keys) store.Place { return sqlite.Encrypted{File: sqlite.File(path), Keys: keys} }
	})
}

func TestDamagedPlace(t *testing.T) {
	storetest.RunDamaged(t, 1, func(t *testing.T) (func() store.Place, func(func(table, mine string) string)) {
		path := filepath.Join(t.TempDir(), "contoso.dfstate")
		return func() store.Place { return sqlite.File(path) },
			func(marks func(table, mine string) string) { execute(t, path, marks("", "1 = 1")) }
	})
}

func openPlace(path string) (store.Place, error) { return sqlite.File(path), nil }

func TestProcesses(t *testing.T) {
	storetest.RunProcesses(t, openPlace, func(t *testing.T) string { return filepath.Join(t.TempDir(), "a.dfstate") })
}
