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
	"github.com/dirform/dirform/state/store/objects/azure"
)

// The account that every Azurite has, and its key, which Microsoft has published for it.
const (
	account    = "devstoreaccount1"
	accountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azurite starts Azurite and tells the address of its account. Without it the test is skipped, unless DIRFORM_REQUIRE_AZURITE
// is set.
func azurite(t *testing.T) string {
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
	port := freePort(t)
	start(t, port, exec.Command("node", program, "--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence",
		"--silent", "--skipApiVersionCheck", "--disableTelemetry"))
	return "http://127.0.0.1:" + port + "/" + account
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
	server, n := azurite(t), 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		container := fmt.Sprintf("%s/container%d", server, n)
		makeContainer(t, container)
		c, _, err := azure.New(container + "/x?" + signature())
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}

func TestAzureCommand(t *testing.T) {
	container := azurite(t) + "/contoso"
	makeContainer(t, container)
	const block = "  state \"azure\" {\n    url = %s\n  }\n"
	script(t, fmt.Sprintf(block, "var.state_url"), fmt.Sprintf(block, `"https://store.contoso.com/c/x?sig=secret"`),
		map[string]string{"DIRFORM_SECRET_state_url": container + "/contoso.dfstate?" + signature()})
}
