package signin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/providers/entra/internal/jwtclaims"
	"github.com/dirform/dirform/state/fault"
)

// exchange is a credential that gives the authority an identity token and gets an access token for it: the application
// trusts whoever issues the one (a federated credential), and there is no secret that could leak.
type exchange struct {
	*chooser
	source *source
	cred   *azidentity.ClientAssertionCredential

	sent    string    // the identity token that was used last
	said    presented // by it
	failure error     // why there was none, for the library that asks for it keeps only the words of an error
}

// presented is what an identity token says about itself; it is zero where it is no JWT.
type presented struct {
	Issuer   string             `json:"iss"`
	Subject  string             `json:"sub"`
	Audience jwtclaims.Audience `json:"aud"`
	Expires  float64            `json:"exp"`
}

func (c *chooser) exchange(s *source) (azcore.TokenCredential, error) {
	x := &exchange{chooser: c, source: s}
	var err error
	x.cred, err = azidentity.NewClientAssertionCredential(c.tenant, c.app, x.assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: c.opts, DisableInstanceDiscovery: c.Authority != ""})
	return x, err
}

// assertion gets a new identity token.
func (x *exchange) assertion(ctx context.Context) (string, error) {
	x.sent, x.said = "", presented{}
	token, err := x.source.fetch(ctx)
	if err == nil && jwtclaims.Read(token, &x.said) {
		err = x.ended()
	}
	if err != nil {
		x.failure = &unasked{err}
		return "", err
	}
	x.sent = token
	return token, nil
}

// hush is a text without the identity token, which an authority could quote.
func (x *exchange) hush(text string) string {
	if x.sent == "" {
		return text
	}
	return strings.ReplaceAll(text, x.sent, "(sensitive value)")
}

// skew is how far the authority's clock may be from this machine's.
const skew = 5 * time.Minute

// farAway are more seconds since 1970 than any token is good for, and fewer than a time holds.
const farAway = 1e11

// ended refuses a token that the authority would refuse for its age. Its words for that don't tell that the job had the
// token all along, for which a new attempt is no cure.
func (x *exchange) ended() error {
	if x.said.Expires == 0 || x.said.Expires > farAway {
		return nil
	}
	end := time.Unix(int64(max(x.said.Expires, -farAway)), 0)
	if x.Now().Before(end.Add(skew)) {
		return nil
	}
	return &fault.Error{Summary: x.source.what + " has ended",
		Detail: fmt.Sprintf("It was good until %s, and now it is %s.", moment(end), moment(x.Now())),
		Hint: "A job of GitLab gets one that lives as long as the job's timeout, or five minutes where it has none: set " +
			"timeout. What else gives out such tokens has to renew them; a job that takes longer can sign in with a client " +
			"certificate."}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// GetToken is an access token for a new identity token.
func (x *exchange) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	x.failure = nil
	token, err := x.cred.GetToken(ctx, opts)
	if err != nil && x.failure != nil {
		err = x.failure
	}
	return token, err
}

// unasked is a failure before the authority was asked for anything.
type unasked struct{ error }

func (e *unasked) Unwrap() error { return e.error }

// advice says what to do about a refusal by the authority's error codes (AADSTS): what to enter so that it trusts the
// identity token. It is "" if the refusal is about something else.
func (x *exchange) advice(codes []int) string {
	if slices.ContainsFunc(codes, unmatched) {
		return x.trust()
	}
	return ""
}

// unmatched reports a code of the authority for an identity token that fits no federated credential of the application:
// 70021 and those that begin with it and tell which part, of which 700211 is the issuer, 700212 the audience, 700213
// the subject, and 7002138 a difference in case only.
func unmatched(code int) bool {
	return strings.HasPrefix(strconv.Itoa(code), "70021")
}

// trust says what the identity token has presented, and what to enter in Entra. None of it is secret.
func (x *exchange) trust() string {
	if x.said.Issuer == "" {
		return "The identity token can't be read, so it is not known what it presents. Look at where it comes from."
	}
	aud := strings.Join(x.said.Audience, " ")
	s := fmt.Sprintf("The identity token presents\n\n  issuer    %s\n  subject   %s\n  audience  %s\n\n",
		quoted(x.said.Issuer), quoted(x.said.Subject), quoted(aud))
	if want := audience(x.Login); aud != want && x.Authority == "" {
		s += fmt.Sprintf("Its audience should be %s. ", want)
	}
	return s + fmt.Sprintf("If that is whom the application is to trust, add a federated credential with exactly these "+
		"values in Entra (App registrations > %s > Certificates & secrets > Federated credentials; of a managed identity, "+
		"under Settings). They are compared letter by letter, and a new one takes some minutes to count.",
		cmp.Or(x.app, "the application"))
}

// quoted is a text of somebody else's for a message; what is not plain ASCII could look like something else.
func quoted(s string) string { return strings.Trim(strconv.QuoteToASCII(s), `"`) }
