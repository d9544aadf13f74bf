package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
)

// elsewhere is an address of this machine that is none of a loopback interface, so that it stands for a host that needs
// leave.
const elsewhere = "0.0.0.0"

// hostsConfig is a configuration whose source is at a host, with the record at a path.
func hostsConfig(access lab.ADAccess, host, path string) string {
	return fmt.Sprintf(`
dirform {
  state "file" { path = %q }
}
provider "ad" "corp" {
  url         = %q
  server_name = "127.0.0.1"
  ca_file     = %q
  bind_dn     = %q
  password    = %q
}
provider "entra" "contoso" {
  lab = "lab"
}
scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}
`, path, strings.Replace(access.URL, "127.0.0.1", host, 1), access.CAFile, access.BindDN, access.Password)
}

// TestHostsAreRecorded: the first apply may send credentials anywhere, and plan names where. After it only the hosts
// that it used get them, until whoever runs dirform names others.
func TestHostsAreRecorded(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/lab", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/"+lab.ADSeed, readOnlyLDIF)
	write(t, dir, "lab/"+lab.TenantSeed, readOnlyTenant)
	l, err := lab.Open(lab.Options{Seed: dir + "/lab", Record: os.Getenv("DIRFORM_LAB_RECORD")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	access, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	env := cli.Environment{Dir: dir}
	run := func(env cli.Environment, wantCode int, want string, args ...string) {
		t.Helper()
		code, stdout, stderr := runMain(t, env, args...)
		if code != wantCode || want == "" && strings.Contains(stderr, "redentials") || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d\n%s\n%s", args, code, stdout, stderr)
		}
	}
	const named = "Credentials go to: " + elsewhere + ". "

	write(t, dir, "main.hcl", hostsConfig(access, elsewhere, "a.dfstate"))
	run(env, 0, named, "plan", "--out", "saved.dfplan")
	run(env, 0, named, "plan", "--json")
	run(env, 0, named, "apply", "saved.dfplan")
	run(env, 0, "", "plan")
	run(env, 0, "", "drift")

	other, reached := connections(t)
	moved := hostsConfig(access, "localhost", "a.dfstate")
	write(t, dir, "main.hcl", moved)
	run(env, 0, "", "plan")
	elsewhereNow := strings.Replace(moved, "ldaps://localhost:", "ldaps://dc.evil.example:", 1)
	write(t, dir, "main.hcl", elsewhereNow)
	refusal := "Error: Credentials may not be sent to dc.evil.example\n\n" +
		"provider \"ad\" \"corp\" (main.hcl:5) would send its credentials there, and the last apply used " + elsewhere + ".\n\n" +
		"Nothing was sent. If the host is yours, run this with DIRFORM_ALLOW_HOSTS=" + elsewhere + ",dc.evil.example,"
	for _, line := range []string{"plan", "apply --auto-approve", "apply saved.dfplan", "drift", "explain linked@contoso.com"} {
		args := strings.Fields(line)
		run(env, 1, refusal, args...)
	}

	there := strings.TrimPrefix(access.URL, "ldaps://127.0.0.1")
	write(t, dir, "main.hcl", strings.Replace(hostsConfig(access, elsewhere, "a.dfstate"), there, ":"+port(other), 1))
	strict := cli.Environment{Dir: dir, Environ: []string{"DIRFORM_ALLOW_HOSTS=dc1.corp.contoso.com"}}
	run(strict, 1, "Error: Credentials may not be sent to "+elsewhere+"\n", "plan")
	if n := reached.Load(); n != 0 {
		t.Errorf("a host without leave was connected to, %d times", n)
	}
	leave := cli.Environment{Dir: dir, Environ: []string{"DIRFORM_ALLOW_HOSTS=" + elsewhere}}
	run(leave, 1, "Active Directory cannot be opened", "plan")
	if reached.Load() == 0 {
		t.Error("a host with leave was not tried")
	}

	// A record that nobody has applied to knows nothing.
	write(t, dir, "main.hcl", hostsConfig(access, elsewhere, "b.dfstate"))
	run(env, 0, named, "plan")
	run(leave, 0, "", "plan")
}

// connections is the address of a server on all interfaces that hangs up on everybody, and how many came.
func connections(t *testing.T) (address string, reached *atomic.Int32) {
	t.Helper()
	s, err := net.Listen("tcp", elsewhere+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	reached = &atomic.Int32{}
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			c.Close()
		}
	}()
	return s.Addr().String(), reached
}

func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
