package signin

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// Error is a failed sign-in. It is final: repeating the request would not help.
type Error struct {
	what       string
	login      string
	configured bool   // the configuration, or the environment, names this way to sign in
	asked      bool   // the authority was asked
	answer     answer // what it said
	hint       string // what to do, if this way to sign in knows better than the general hint
	missing    string // what would make a better way possible
	err        error
}

// Unwrap is the error of what signs in.
func (e *Error) Unwrap() error { return e.err }

// Error says what was tried, and the authority's own words without its traces.
func (e *Error) Error() string {
	if !e.asked {
		return fmt.Sprintf("signing in to Microsoft Entra ID with %s failed: %s", e.what, e.answer.words)
	}
	return fmt.Sprintf("signing in to Microsoft Entra ID at %s with %s failed: %s", e.login, e.what, e.answer.words)
}

// Fault adds what to do. Where the failure is about something particular, as a certificate that cannot be read is, that
// says it.
func (e *Error) Fault() *fault.Error {
	f := &fault.Error{Summary: "signing in to Microsoft Entra ID failed", Detail: fault.Sentence(e), Err: e.err,
		Hint: cmp.Or(fault.Hint(e.err), e.hint)}
	switch {
	case f.Hint != "":
	case e.answer.cure() != "":
		f.Hint = e.answer.cure()
	case e.answer.faltered():
		f.Hint = "That is a trouble of the service that gives out tokens, and not of the configuration: run this again."
	case !e.answer.given() && e.configured && e.asked:
		f.Hint = "Check authority, environment and ca_file, and that this machine (or its HTTPS_PROXY) can reach " + e.login +
			"."
	default:
		f.Hint = e.missing +
			"Set client_secret or client_certificate_file with tenant_id and client_id in the provider \"entra\" block, or " +
			"AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the environment, or sign in with \"az login\". " +
			"\"dirform help sign-in\" has all ways."
	}
	return f
}

// answer is what a service that gives out access tokens said to a request that it refused, or why there was no reply.
type answer struct {
	words  string
	status int   // of HTTP; 0 if there was no reply
	codes  []int // the authority's own, as after AADSTS
}

// given reports whether a server had said no, rather than nothing at all.
func (a answer) given() bool { return a.status != 0 }

// faltered reports a reply that says nothing about who asks.
func (a answer) faltered() bool { return a.status >= 500 || a.status == http.StatusTooManyRequests }

// cures are what to do about codes of the authority (Microsoft's list of AADSTS error codes) that the general hint does
// not help with.
var cures = map[int]string{
	90002:  "Check tenant_id and environment.",
	700016: "Check client_id, and whether the application is in the tenant that tenant_id names.",
	700024: "Check this machine's clock. An identity token may be too old as well, or a certificate have ended.",
	700027: "Register the certificate with the application in Entra (App registrations > Certificates & secrets > " +
		"Certificates).",
	7000222: "Make a new client secret for the application in Entra (App registrations > Certificates & secrets).",
}

// cure is what to do about the first code that is known; "" if none is.
func (a answer) cure() string {
	for _, code := range a.codes {
		if cures[code] != "" {
			return cures[code]
		}
	}
	return ""
}

// answerOf shortens azidentity's error, which prints the whole HTTP exchange, to the sentence that matters: neither
// that error nor the authority's reply has a field for it, so the text is cut where the traces begin, with which it
// ends.
func answerOf(err error) answer {
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || failed.RawResponse == nil {
		words, _, _ := strings.Cut(err.Error(), ". To troubleshoot")
		return answer{words: indented(words)}
	}
	a := answer{status: failed.RawResponse.StatusCode}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Codes       []int  `json:"error_codes"`
	}
	if raw, e := readAgain(failed.RawResponse); e == nil && json.Unmarshal(raw, &body) == nil &&
		body.Error+body.Description != "" {
		words, _, _ := strings.Cut(cmp.Or(body.Description, body.Error), "Trace ID:")
		words, _, _ = strings.Cut(words, "\r\n")
		a.words, a.codes = visible.Line(strings.TrimSpace(words)), body.Codes
		return a
	}
	words, _, _ := strings.Cut(err.Error(), "\n")
	a.words = visible.Line(strings.TrimSpace(words) + " (HTTP " + failed.RawResponse.Status + ")")
	return a
}

// indented makes one line of each paragraph, but for lines that begin with blanks: those are a list.
func indented(words string) string {
	lines := strings.Split(words, "\n")
	text := visible.Line(strings.Join(strings.Fields(lines[0]), " "))
	for _, line := range lines[1:] {
		sep := " "
		if strings.HasPrefix(line, "  ") {
			sep = "\n  "
		}
		text += sep + visible.Line(strings.Join(strings.Fields(line), " "))
	}
	return strings.TrimSpace(text)
}

// readAgain reads a reply that may have been read and replaced before, as azidentity leaves it, and leaves it as it
// was.
func readAgain(resp *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	resp.Body.Close()
	resp.Body = io.NopCloser(strings.NewReader(string(raw)))
	return raw, err
}
