package cli

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/dirform/dirform/state/discreet"
)

// TestDiscreet: secrets that an environment or a configuration has are not on standard error, whoever puts them there;
// short ones, which are parts of words, stay.
func TestDiscreet(t *testing.T) {
	var b bytes.Buffer
	d := discreet.New(&b)
	d.Hide(secretsIn([]string{"DIRFORM_SECRET_pw=long-secret", "AZURE_CLIENT_SECRET=long-secret-and-more",
		"DIRFORM_SECRET_short=secret", "DIRFORM_SECRET_empty=", "DIRFORM_VAR_x=plain-text", "OTHER=plain-text"}))
	d.Hide([]string{"of-the-configuration"})
	n, err := fmt.Fprint(d, "secret plain-text long-secret-and-more/long-secret, of-the-configuration\n")
	want := "secret plain-text (sensitive value)/(sensitive value), (sensitive value)\n"
	if b.String() != want || err != nil {
		t.Errorf("%q, %v", b.String(), err)
	}
	if n != 73 {
		t.Errorf("%d bytes are said to be written", n)
	}
	b.Reset()
	slog.New(slog.NewTextHandler(d, nil)).Info("x", "password", "long-secret")
	if bytes.Contains(b.Bytes(), []byte("long-secret")) {
		t.Error(b.String())
	}
}
