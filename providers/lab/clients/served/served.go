// Package served runs "dirform lab serve" for tests of other people's clients: the program itself, not a part of it, so that a
// client meets what a user's client would meet.
package served

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Lab says how to reach a lab: what "dirform lab serve --json" prints.
type Lab struct {
	AD struct {
		URL      string `json:"url"`
		BaseDN   string `json:"base_dn"`
		BindDN   string `json:"bind_dn"`
		Password string `json:"password"`
		CAFile   string `json:"ca_file"`
	} `json:"ad"`
	Entra struct {
		Endpoint     string `json:"endpoint"`
		Authority    string `json:"authority"`
		TenantID     string `json:"tenant_id"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		AccessToken  string `json:"access_token"`
		CAFile       string `json:"ca_file"`
	} `json:"entra"`
}

// Users is how many living users the tenant of Start has.
const Users = 250

// Start serves a lab with Users users, user000@contoso.com and so on, and a group, Staff, until the test ends. options are more
// of "lab serve".
func Start(t testing.TB, options ...string) Lab {
	t.Helper()
	dir := t.TempDir()
	writeSeed(t, dir)
	cmd := exec.Command(dirform(t), append([]string{"lab", "serve", ".", "--json"}, options...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // fails where it has ended already, which Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("dirform lab serve: %v\n%s", err, stderr.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("dirform lab serve printed no access: %v\n%s", err, stderr.String())
	}
	var lab Lab
	if err := json.Unmarshal([]byte(line), &lab); err != nil {
		t.Fatal(err)
	}
	return lab
}

func writeSeed(t testing.TB, dir string) {
	t.Helper()
	var users strings.Builder
	for i := range Users {
		if i > 0 {
			users.WriteString(",\n")
		}
		fmt.Fprintf(&users, `{"userPrincipalName":"user%03d@contoso.com","displayName":"User %03d","jobTitle":"Clerk","department":"Sales"}`, i, i)
	}
	seed := `{"domains":[{"id":"contoso.com","isDefault":true},{"id":"contoso.onmicrosoft.com","isInitial":true}],
"users":[` + users.String() + `],
"groups":[{"displayName":"Staff","mailNickname":"staff","securityEnabled":true,"mailEnabled":false,"members":["user000@contoso.com","user001@contoso.com"]}]}`
	if err := os.WriteFile(filepath.Join(dir, "tenant.json"), []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
}

// build makes the program once per test binary.
var build = sync.OnceValues(func() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	dir, err := os.MkdirTemp("", "dirform-clients-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "dirform")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/dirform")
	cmd.Dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return program, nil
})

// dirform is the program under test: $DIRFORM, or built from the repository around this module.
func dirform(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("DIRFORM"); path != "" {
		return path
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Missing skips a test whose client is not installed, or fails it where DIRFORM_REQUIRE_CLIENTS=1 says that it must be.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("DIRFORM_REQUIRE_CLIENTS") == "1" {
		t.Fatalf("%s, and DIRFORM_REQUIRE_CLIENTS=1 requires it", what)
	}
	t.Skip(what)
}
