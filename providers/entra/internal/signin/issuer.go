package signin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/state/fault"
)

// How often and how patiently the token service of a CI system is asked. A job has nothing better to do than to wait
// for it, but the token that it asks with lives no longer than the job.
const (
	issuerAttempts = 5
	issuerTimeout  = 30 * time.Second // for one attempt
	firstWait      = time.Second / 2  // doubled each time
	longestWait    = time.Minute      // for which a Retry-After is obeyed
	toldWait       = 10 * time.Second // from when on a wait is told
)

// issuer is the token service of a CI system.
type issuer struct {
	*chooser
	name    string // of the system
	field   string // of the reply, in which the token stands
	denied  string // what to look at when it refuses
	request func(context.Context) (*http.Request, error)
}

func (s *issuer) newRequest(ctx context.Context, method string, u *url.URL, bearer string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, address.Bare(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// token asks for an identity token until there is one, or until asking makes no sense any more.
func (s *issuer) token(ctx context.Context) (string, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		token, err := s.ask(ctx)
		if err == nil {
			return token, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		var refused *refusal
		if errors.As(err, &refused) && refused.after > 0 {
			wait = refused.after
		}
		if !passing(err) || attempt == issuerAttempts || wait > longestWait {
			return "", s.failed(err, attempt)
		}
		if wait >= toldWait {
			s.Warn(fmt.Sprintf("waiting %v before the token service of %s is asked again", wait.Round(time.Second), s.name))
		}
		if err := s.Sleep(ctx, wait); err != nil {
			return "", err
		}
		wait *= 2
	}
}

// refusal is a reply that holds no token.
type refusal struct {
	status int
	after  time.Duration // for which the service wants not to be asked; 0 if it doesn't say
}

func (r *refusal) Error() string {
	if r.status == http.StatusOK {
		return "it answered without a token"
	}
	s := fmt.Sprintf("it answered HTTP %d %s", r.status, http.StatusText(r.status))
	if r.after > longestWait {
		s += fmt.Sprintf(" and wants to be asked again in %v", r.after)
	}
	return s
}

func (s *issuer) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, issuerTimeout)
	defer cancel()
	req, err := s.request(ctx)
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", address.Bare(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", address.Bare(err)
	}
	if token := unpack(raw, s.field); token != "" && resp.StatusCode == http.StatusOK {
		return token, nil
	}
	r := &refusal{status: resp.StatusCode}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		r.after = time.Duration(min(max(seconds, 0), 1e9)) * time.Second // more than a duration holds is no shorter
	}
	return "", r
}

// passing reports whether a failure may go away by itself: what broke on the way, and what a busy or broken service
// answers.
func passing(err error) bool {
	var refused *refusal
	var certificate *tls.CertificateVerificationError
	var useless interface{ NonRetriable() }
	var bad fault.Described
	switch {
	case errors.As(err, &refused):
		return refused.status >= 500 || refused.status == http.StatusTooManyRequests ||
			refused.status == http.StatusRequestTimeout
	case errors.As(err, &certificate), errors.As(err, &useless), errors.As(err, &bad):
		return false
	}
	return true
}

// failed says that it was this service that failed, and not the authority, which nobody has asked yet.
func (s *issuer) failed(err error, attempts int) error {
	asked := "asked once"
	if attempts > 1 {
		asked = fmt.Sprintf("asked %d times", attempts)
	}
	var certificate *tls.CertificateVerificationError
	f := &fault.Error{Summary: fmt.Sprintf("the token service of %s did not issue an identity token: %s, %s (Microsoft "+
		"Entra was not asked)",
		s.name, asked, reason(err)), Hint: s.denied}
	if own := fault.Hint(err); own != "" {
		f.Hint = own
	} else if errors.As(err, &certificate) {
		f.Hint = "Add the certificate of the authority that issued its certificate to ca_file in the provider block."
	} else if passing(err) {
		f.Hint = "That is a trouble of " + s.name + " and not of the configuration: run the job again."
	}
	return f
}

// reason is what an attempt ended with.
func reason(err error) string {
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("it did not answer within %v", issuerTimeout)
	}
	return "it could not be reached: " + err.Error()
}
