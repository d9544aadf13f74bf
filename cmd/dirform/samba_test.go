package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// requireSamba skips a test where no domain controller runs; CI sets DIRFORM_REQUIRE_SAMBA, and then it fails.
func requireSamba(t *testing.T) {
	t.Helper()
	switch {
	case os.Getenv("AD_LDAPS_URL") != "":
	case os.Getenv("DIRFORM_REQUIRE_SAMBA") != "":
		t.Fatal("AD_LDAPS_URL is not set, and DIRFORM_REQUIRE_SAMBA says that a domain controller has to be there")
	default:
		t.Skip("Samba is not installed: AD_LDAPS_URL is not set")
	}
}

func TestSambaInit(t *testing.T) {
	requireSamba(t)
	env := cli.Environment{Dir: t.TempDir(), Environ: []string{"DIRFORM_VAR_ad_password=" + os.Getenv("AD_SVC_PASSWORD")}}
	succeed(t, env, "init", "--url", os.Getenv("AD_LDAPS_URL"), "--bind-dn", os.Getenv("AD_SVC_DN"), "--ca-file", os.Getenv("AD_CA_FILE"))
	succeed(t, env, "validate")
	main, err := os.ReadFile(filepath.Join(env.Dir, "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"` + os.Getenv("AD_BASE_DN") + `"`, "CN=Users," + os.Getenv("AD_BASE_DN")} {
		if !strings.Contains(string(main), want) {
			t.Errorf("%s is not in\n%s", want, main)
		}
	}
	if strings.Contains(string(main), os.Getenv("AD_SVC_PASSWORD")) {
		t.Error("the password is in the configuration")
	}

	// StartTLS on the plain port, and a wrong password
	env.Dir = t.TempDir()
	succeed(t, env, "init", "--url", os.Getenv("AD_LDAP_URL"), "--start-tls", "--bind-dn", os.Getenv("AD_SVC_DN"), "--ca-file", os.Getenv("AD_CA_FILE"))
	env = cli.Environment{Dir: t.TempDir(), Environ: []string{"DIRFORM_VAR_ad_password=wrong-password"}}
	code, _, stderr := runMain(t, env, "init", "--url", os.Getenv("AD_LDAPS_URL"), "--bind-dn", os.Getenv("AD_SVC_DN"), "--ca-file", os.Getenv("AD_CA_FILE"))
	if code != 1 || !strings.Contains(stderr, "password") || strings.Contains(stderr, "wrong-password") {
		t.Errorf("status %d\n%s", code, stderr)
	}
}
