package graphd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Manners is how a lab's tenant behaves beyond what is correct, as a seed says it under the key "lab". Shares are between 0 and
// 1; durations are texts such as "50ms" or "2s".
type Manners struct {
	Latency         Duration `json:"latency"`
	VisibilityDelay Duration `json:"visibility_delay"`
	Throttle        Quota    `json:"throttle"`
	Unavailable     float64  `json:"unavailable"`
	GatewayTimeout  float64  `json:"gateway_timeout"`
	DropBefore      float64  `json:"drop_before"`
	DropAfter       float64  `json:"drop_after"`
	LateTimeout     float64  `json:"late_timeout"`
	TokenLife       Duration `json:"token_life"`
	DeltaLife       Duration `json:"delta_life"`
	ReadOnly        bool     `json:"read_only"`
	SignedInAs      string   `json:"signed_in_as"`
	NoTakeOver      bool     `json:"no_take_over"`
	Permissions     string   `json:"permissions"`
	Seed            uint64   `json:"seed"`
	// Deny is about the other directory: which attributes accounts may not read there, by sAMAccountName or "*".
	Deny map[string][]string `json:"deny"`
}

// Faults are the manners in the words of SetFaults, or an error that names the value that makes no sense.
func (m Manners) Faults() (Faults, error) {
	f := Faults{
		Latency: time.Duration(m.Latency), VisibilityDelay: time.Duration(m.VisibilityDelay), Throttle: m.Throttle.Throttle,
		Unavailable: m.Unavailable, GatewayTimeout: m.GatewayTimeout, BreakBefore: m.DropBefore, BreakAfter: m.DropAfter,
		LateTimeout: m.LateTimeout, TokenLife: time.Duration(m.TokenLife), DeltaLife: time.Duration(m.DeltaLife), ReadOnly: m.ReadOnly,
		SignedInAs: m.SignedInAs, NoTakeOver: m.NoTakeOver, Permissions: m.Permissions, Seed: m.Seed, Deny: m.Deny,
	}
	return f, f.Check()
}

// Check finds values that make no sense.
func (f Faults) Check() error {
	for _, x := range []struct {
		name  string
		share float64
	}{{"unavailable", f.Unavailable}, {"gateway_timeout", f.GatewayTimeout}, {"drop_before", f.BreakBefore}, {"drop_after", f.BreakAfter}, {"late_timeout", f.LateTimeout}} {
		if !(x.share >= 0 && x.share <= 1) {
			return fmt.Errorf("%s is a share of requests, from 0 to 1, not %v", x.name, x.share)
		}
	}
	if f.Unavailable+f.GatewayTimeout > 1 || f.BreakBefore+f.BreakAfter+f.LateTimeout > 1 {
		return fmt.Errorf("unavailable and gateway_timeout together, and drop_before, drop_after and late_timeout together, are at most 1")
	}
	for _, x := range []struct {
		name string
		d    time.Duration
	}{{"latency", f.Latency}, {"visibility_delay", f.VisibilityDelay}, {"token_life", f.TokenLife}, {"delta_life", f.DeltaLife}} {
		if x.d < 0 {
			return fmt.Errorf("%s can't be negative; it is %s", x.name, x.d)
		}
	}
	return nil
}

// Duration is a time span as JSON text, such as "50ms".
type Duration time.Duration

// UnmarshalJSON reads a Go duration in quotes.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		var x time.Duration
		if x, err = time.ParseDuration(s); err == nil {
			*d = Duration(x)
			return nil
		}
	}
	return fmt.Errorf("%s is not a duration; write one in quotes, such as \"50ms\" or \"2s\"", b)
}

// Quota is a documented quota by the size of the tenant; its Throttle is nil for none.
type Quota struct{ Throttle *Throttle }

// UnmarshalJSON reads "S", "M" or "L", a number of resource units in 10 s, true for the size that the number of users gives, or false.
func (q *Quota) UnmarshalJSON(b []byte) error {
	q.Throttle = nil
	switch string(b) {
	case "true":
		q.Throttle = &Throttle{}
		return nil
	case "false", "null":
		return nil
	}
	var size string
	if err := json.Unmarshal(b, &size); err == nil || len(b) > 0 && b[0] != '"' {
		if err != nil {
			size = string(b)
		}
		if x, ok := ThrottleOfSize(size); ok {
			q.Throttle = x
			return nil
		}
	}
	return fmt.Errorf("throttle is true, false, the tenant's size, \"S\", \"M\" or \"L\", or a number of resource units in 10 s; not %s", b)
}

// parseManners reads the value of a seed's key "lab".
func parseManners(raw []byte) (Faults, error) {
	var m Manners
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		return Faults{}, fmt.Errorf("lab: %w; its keys are latency, visibility_delay, throttle, unavailable, gateway_timeout, drop_before,"+
			" drop_after, late_timeout, token_life, delta_life, read_only, no_take_over, signed_in_as, deny and seed", err)
	}
	return m.Faults()
}
