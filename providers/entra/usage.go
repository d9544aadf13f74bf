package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state"
)

// aspect is something about the use of an account that takes a request of its own, and perhaps a permission.
type aspect struct {
	path  string // after the account's
	what  string // see [providers.Unread]
	takes string // what is missing where it is refused
	note  func(u *providers.Usage, body string) (told bool, err error)
}

// aspects are those of [Reader.Usage].
var aspects = []aspect{
	{"?$select=id,createdDateTime,lastPasswordChangeDateTime,assignedLicenses,assignedPlans", "has licences, a mailbox or another password",
		"the permission User.Read.All", noteLicences},
	// An application without the permission for groups is shown them without anything but id and type (Microsoft 365
	// developer blog, "limited information for inaccessible member resources").
	{"/memberOf?$select=id,groupTypes&$top=100", "is in groups", "the permission Directory.Read.All", noteGroups},
	// The reference of the user resource: returned on $select alone, to AuditLog.Read.All, in tenants with Microsoft
	// Entra ID P1 or P2; missing of somebody who never signed in. Elsewhere it is refused (403,
	// Authentication_RequestFromNonPremiumTenantOrB2CTenant).
	{"?$select=id,signInActivity", "was signed in to", "the permission AuditLog.Read.All, and Microsoft Entra ID P1", noteSignIns},
}

// Usage says how the users with these ids are used. What the application may not read is among what is unread.
func (r *Reader) Usage(ctx context.Context, ids []string) (found providers.Usages, err error) {
	found.Of = map[string]providers.Usage{}
	for _, a := range aspects {
		all, err := r.usage(ctx, ids, &a, found.Of)
		var refused *providers.ServiceError
		switch {
		case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
			why := fmt.Sprintf("%s (%s)", a.takes, refused.Code)
			found.Unread = append(found.Unread, providers.Unread{What: a.what, Why: why})
		case err != nil:
			return found, err
		case !all:
			found.Unread = append(found.Unread, providers.Unread{What: a.what, Why: a.takes})
		}
	}
	return found, nil
}

// usage adds one aspect. told is false if the service has left out what it takes to tell, of some account at least.
func (r *Reader) usage(ctx context.Context, ids []string, a *aspect, of map[string]providers.Usage) (told bool, err error) {
	q, err := wire.NewQuery(state.User, state.NewShape(), false)
	if err != nil {
		return false, err
	}
	links := make([]string, len(ids))
	for i, id := range ids {
		links[i] = "/users/" + url.PathEscape(id) + a.path
	}
	told = true
	stop := func(_ *state.Object, failed error) bool {
		err = failed
		return false
	}
	path, _, _ := strings.Cut(a.path, "?")
	r.ask(ctx, q, "GET /users/{id}"+path, links, stop, func(link int, body string) (bool, error) {
		id := strings.ToLower(ids[link])
		u := of[id]
		all, err := a.note(&u, body)
		if err != nil {
			return true, fmt.Errorf("GET /users/{id}%s: the reply is not as documented: %w", path, err)
		}
		of[id], told = u, told && all
		return true, nil
	})
	return told, err
}

func noteLicences(u *providers.Usage, body string) (bool, error) {
	var got struct {
		licensed
		Created  *time.Time        `json:"createdDateTime"`
		Password *time.Time        `json:"lastPasswordChangeDateTime"`
		Licences []json.RawMessage `json:"assignedLicenses"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		return false, err
	}
	u.Licences, u.Mailbox = len(got.Licences), got.mailbox()
	u.Created, u.PasswordSet = latest(got.Created), latest(got.Password)
	return true, nil
}

func noteGroups(u *providers.Usage, body string) (told bool, err error) {
	var got struct {
		Value []struct {
			Type  string    `json:"@odata.type"`
			Types *[]string `json:"groupTypes"`
		} `json:"value"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		return false, err
	}
	told = true
	for _, m := range got.Value {
		switch {
		case strings.EqualFold(m.Type, "#microsoft.graph.directoryRole"):
			u.Roles++
		case !strings.EqualFold(m.Type, "#microsoft.graph.group"): // an administrative unit
		case m.Types == nil:
			told = false // perhaps a rule has put it there
		case !slices.Contains(*m.Types, "DynamicMembership"):
			u.Groups++
		}
	}
	return told, nil
}

func noteSignIns(u *providers.Usage, body string) (bool, error) {
	var got struct {
		Activity struct {
			Success        *time.Time `json:"lastSuccessfulSignInDateTime"`
			Interactive    *time.Time `json:"lastSignInDateTime"`
			NonInteractive *time.Time `json:"lastNonInteractiveSignInDateTime"`
		} `json:"signInActivity"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		return false, err
	}
	a := &got.Activity
	if u.SignedIn = latest(a.Success); u.SignedIn.IsZero() {
		u.SignedIn = latest(a.Interactive, a.NonInteractive)
		u.Tried = !u.SignedIn.IsZero()
	}
	return true, nil
}

// latest is the latest of times, the zero time if there are none.
func latest(times ...*time.Time) (t time.Time) {
	for _, x := range times {
		if x != nil && x.After(t) {
			t = *x
		}
	}
	return t
}
