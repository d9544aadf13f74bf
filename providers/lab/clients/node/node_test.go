// Package node_test lets Microsoft's Graph client for JavaScript use a lab's tenant. It needs node, and what "npm ci" installs here.
package node_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/dirform/dirform/providers/lab/clients/served"
)

func TestGraphClient(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		served.Missing(t, "node is not installed")
	}
	if _, err := os.Stat("node_modules/@microsoft/microsoft-graph-client"); err != nil {
		served.Missing(t, "@microsoft/microsoft-graph-client is not installed (npm ci in providers/lab/clients/node installs it)")
	}
	lab := served.Start(t, "--delta-life", "5s")
	access, err := json.Marshal(lab)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--test", "--test-reporter=tap", "tour.test.mjs")
	cmd.Env = append(os.Environ(), "DIRFORM_LAB="+string(access), "DIRFORM_USERS="+strconv.Itoa(served.Users), "DIRFORM_DELTA_LIFE=6500",
		"NODE_EXTRA_CA_CERTS="+lab.Entra.CAFile)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if passed := regexp.MustCompile(`(?m)^# pass (\d+)$`).FindSubmatch(out); passed == nil || string(passed[1]) != "6" {
		t.Errorf("not all tests passed:\n%s", out)
	}
}
