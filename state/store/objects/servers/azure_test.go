package servers_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state/store/objects"
)

// The account that every Azurite has, and its key, which Microsoft has published for it.
const (
	account    = "devstoreaccount1"
	accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azurite is Azurite, which keeps what it has in a folder.
type azurite struct {
	program string
	port    string
	folder  string
	process *exec.Cmd
}

// startAzurite starts Azurite. Without it the test is skipped, unless DIRFORM_REQUIRE_AZURITE is set.
func startAzurite(t *testing.T, folder string) *azurite {
	t.Helper()
	program, err := filepath.Abs("node_modules/azurite/dist/src/blob/main.js")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		if os.Getenv("DIRFORM_REQUIRE_AZURITE") != "" {
			t.Fatal("Azurite is not installed: run npm ci in ", filepath.Dir(program))
		}
		t.Skip("Azurite is not installed: run npm ci here")
	}
	a := &azurite{program: program, port: freePort(t), folder: folder}
	a.start(t)
	return a
}

func (a *azurite) start(t *testing.T) {
	t.Helper()
	a.process = exec.Command("node", a.program, "--blobHost", "127.0.0.1", "--blobPort", a.port, "--location", a.folder,
		"--silent", "--skipApiVersionCheck", "--disableTelemetry")
	start(t, a.port, a.process)
}

// stop ends the process as a service manager does: it saves what it has.
func (a *azurite) stop(t *testing.T) {
	t.Helper()
	if err := a.process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = a.process.Wait()
}

func (a *azurite) bucket(t *testing.T, name string) bucket {
	t.Helper()
	b := bucket{kind: "azure", address: "http://127.0.0.1:" + a.port, path: "/" + account + "/" + name,
		query: signature()}
	makeContainer(t, b.address+b.path)
	return b
}

// signature is one (SAS) of the account for everything in its blobs. [Microsoft: "Create an account SAS"]
func signature() string {
	const version = "2021-12-02"
	expires := time.Now().UTC().Add(time.Hour).Format(time.RFC3339)
	text := strings.Join([]string{account, "rwdlac", "b", "sco", "", expires, "", "http,https", version, "", ""}, "\n")
	key, _ := base64.StdEncoding.DecodeString(accountKey)
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return url.Values{"sv": {version}, "ss": {"b"}, "srt": {"sco"}, "sp": {"rwdlac"}, "se": {expires}, "spr": {"http,https"},
		"sig": {base64.StdEncoding.EncodeToString(h.Sum(nil))}}.Encode()
}

// makeContainer makes a container of an account.
func makeContainer(t *testing.T, container string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPut, container+"?restype=container&"+signature(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil || a.StatusCode != http.StatusCreated {
		t.Fatal(a, err)
	}
	a.Body.Close()
}

func TestAzurePlace(t *testing.T) {
	server, n := startAzurite(t, t.TempDir()), 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		return server.bucket(t, fmt.Sprintf("container%d", n)).open(t)
	})
}

func TestAzureCommand(t *testing.T) {
	b := startAzurite(t, t.TempDir()).bucket(t, "contoso")
	const block = "  state \"azure\" {\n    url = %s\n  }\n"
	script(t, fmt.Sprintf(block, "var.state_url"), fmt.Sprintf(block, `"https://store.contoso.com/c/x?sig=secret"`),
		map[string]string{"DIRFORM_SECRET_state_url": b.record(b.address, "contoso.dfstate").URL})
}
