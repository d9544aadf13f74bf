// Package address says which addresses may be spoken to, and keeps addresses out of messages.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/dirform/dirform/state/fault"
)

// Check accepts an absolute https address, or an http one on this machine: tokens and passwords travel there.
func Check(name, raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the %s must be an address such as https://graph.microsoft.com/v1.0, without user name, query or fragment", name)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && Loopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, &fault.Error{Summary: fmt.Sprintf("the %s %s is not encrypted, and the access token would be readable on the way", name, u.Redacted()),
			Hint: "Use https (http is accepted for loopback addresses only)."}
	default:
		return nil, fmt.Errorf("the %s must begin with https://, not %s://", name, u.Scheme)
	}
	return u, nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Bare takes the address off an error of net/http: its query may hold personal data.
func Bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
