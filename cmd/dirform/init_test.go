package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
)

// Init asks a terminal for the password that the environment does not have, and tells it to nobody else.
func TestInitAsksForThePassword(t *testing.T) {
	l, err := lab.Open(lab.Options{Seed: "../../examples/quickstart/lab"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ad, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		secret func(string) (string, error)
		status int
		stderr string
	}{
		{"nobody to ask", nil, cli.ExitFailure, "DIRFORM_SECRET_ad_password"},
		{"no answer", func(string) (string, error) { return "", errors.New("closed") }, cli.ExitFailure, "losed"},
		{"answered", func(prompt string) (string, error) {
			if !strings.Contains(prompt, ad.BindDN) {
				t.Errorf("the prompt is %q", prompt)
			}
			return ad.Password, nil
		}, cli.ExitDone, "Wrote main.hcl"},
	} {
		var stdout, stderr bytes.Buffer
		status := Main(cli.Environment{Args: []string{"init", "--url", ad.URL, "--bind-dn", ad.BindDN, "--ca-file", ad.CAFile},
			Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Dir: dir, Now: time.Now, Secret: c.secret})
		if status != c.status || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%s: status %d:\n%s", c.name, status, stderr.String())
		}
		text, _ := os.ReadFile(filepath.Join(dir, "main.hcl"))
		if strings.Contains(stdout.String()+stderr.String()+string(text), ad.Password) {
			t.Errorf("%s: the password is told", c.name)
		}
		if c.status == cli.ExitDone && !strings.Contains(string(text), `ou      = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"`) {
			t.Errorf("%s", text)
		}
	}
}
