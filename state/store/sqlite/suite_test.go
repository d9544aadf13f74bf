package sqlite_test

import (
	"path/filepath"
	"testing"

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
