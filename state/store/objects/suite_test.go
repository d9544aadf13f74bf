package objects_test

import (
	"os"
	"testing"

	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
	"github.com/dirform/dirform/state/store/storetest"
)

func TestMain(m *testing.M) {
	os.Exit(quick.InMemory(m))
}

func TestObjectsPlace(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Place {
		b := objectstest.NewMemory()
		return func() store.Place { return objects.New(b, "contoso.dfstate", objects.Options{}) }
	})
}

func TestObjectsEncrypted(t *testing.T) {
	storetest.RunEncrypted(t, func(t *testing.T) func(*seal.Keys) store.Place {
		b := objectstest.NewMemory()
		return func(keys *seal.Keys) store.Place {
			return objects.New(b, "contoso.dfstate", objects.Options{Keys: keys, EncryptExisting: true})
		}
	})
}

func TestMemory(t *testing.T) { objectstest.Run(t, objectstest.NewMemory()) }
