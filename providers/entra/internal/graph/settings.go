package graph

import (
	"net/url"
	"strings"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/signin"
	"github.com/dirform/dirform/state/bounds"
)

// Settings say whom to ask, and who to be there.
type Settings struct {
	signin.Settings

	CA        []byte // PEM certificates to trust besides the system's
	CAOnly    bool   // no others are trusted
	UserAgent string // default dirform

	// IdleTimeout is how long an attempt may go without receiving anything; 0 means two minutes.
	IdleTimeout time.Duration
	Clock       Clock // nil means the real one

	Tell func(string) // of waits that are long; nil tells nobody
}

// defaults fills in what is not set.
func (s *Settings) defaults() {
	if s.UserAgent == "" {
		s.UserAgent = "dirform"
	}
	if s.IdleTimeout == 0 {
		s.IdleTimeout = bounds.GraphSilence
	}
	if s.Clock == nil {
		s.Clock = realClock{}
	}
	s.Sleep, s.Warn = s.Clock.Sleep, s.Tell
	s.Clock = patient{Clock: s.Clock, tell: s.Tell}
}

// sameOrigin reports whether u points at the host the configuration names; nothing is ever sent anywhere else.
func (s *Settings) sameOrigin(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, s.Endpoint.Scheme) && strings.EqualFold(u.Host, s.Endpoint.Host)
}
