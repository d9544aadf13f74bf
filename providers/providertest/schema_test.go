package providertest_test

import (
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
)

// TestLabSchema: the lab's server has every attribute that configurations are checked against offline, so that what passes
// there is not refused when names are checked against the server. It knows the attributes that its seed brings, too.
func TestLabSchema(t *testing.T) {
	seed := t.TempDir()
	write(t, filepath.Join(seed, lab.ADSeed), "dn: CN=svc-dirform,CN=Users,DC=corp,DC=contoso,DC=com\nobjectClass: user\n"+
		"sAMAccountName: svc-dirform\nourOwn: x\n")
	l, err := lab.Open(lab.Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	at, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	r, err := ad.Open(t.Context(), ad.Config{URLs: []string{at.URL}, CA: read(t, at.CAFile), BindDN: at.BindDN, Password: at.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		names := append([]string{"OUROWN", "userAccountControll"}, providers.ADSchema(kind).Names()...)
		unknown, err := providers.InspectorOf(r).UnknownNames(t.Context(), names)
		if err != nil || len(unknown) != 1 || unknown[0].Near != "userAccountControl" {
			t.Errorf("%s: %v, %v", kind, unknown, err)
		}
	}
}
