package labcmd

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/fault"
)

// manners are the options of "lab serve" that make a tenant slow, forgetful or faulty. What is not given stays as the seed has it.
type manners struct {
	flags       *pflag.FlagSet
	faults      lab.Faults
	throttle    string
	certificate string
	deny        []string
}

// throttleAuto is --throttle without a size.
const throttleAuto = "auto"

func (m *manners) register(f *pflag.FlagSet) {
	m.flags = f
	f.DurationVar(&m.faults.Latency, "latency", 0, "the tenant answers every request after `TIME`, such as 50ms")
	f.DurationVar(&m.faults.VisibilityDelay, "visibility-delay", 0, "what is written to the tenant shows after `TIME` only")
	f.StringVar(&m.throttle, "throttle", "", "the quota of a tenant of this `SIZE` (S, M, L, auto), or resource units in 10 s; 429 beyond it")
	cli.OptionalValue(f.Lookup("throttle"), throttleAuto, "S", "M", "L", "s", "m", "l")
	f.Float64Var(&m.faults.Unavailable, "unavailable", 0, "the tenant answers this `SHARE` of requests, 0 to 1, with 503")
	f.Float64Var(&m.faults.GatewayTimeout, "gateway-timeout", 0, "the tenant answers this `SHARE` of requests with 504")
	f.Float64Var(&m.faults.BreakBefore, "drop-before", 0, "the connection of this `SHARE` of writes breaks before they take effect")
	f.Float64Var(&m.faults.BreakAfter, "drop-after", 0, "the connection of this `SHARE` of writes breaks after they took effect")
	f.Float64Var(&m.faults.LateTimeout, "late-timeout", 0, "this `SHARE` of writes is answered with 504 although they took effect")
	f.DurationVar(&m.faults.TokenLife, "token-life", 0, "access tokens are refused after `TIME`, although they say an hour")
	f.DurationVar(&m.faults.DeltaLife, "delta-life", 0, "delta tokens are answered with 410 after `TIME`; default is seven days")
	f.BoolVar(&m.faults.ReadOnly, "read-only", false, "the tenant refuses every write")
	f.BoolVar(&m.faults.NoTakeOver, "no-take-over", false, "the application lacks the permission to take accounts over from another sync engine")
	f.StringSliceVar(&m.deny, "deny", nil, "nobody may read this `ATTRIBUTE` of Active Directory; NAME:ATTRIBUTE for one account")
	f.StringVar(&m.certificate, "client-certificate", "", "only assertions signed with the key of the certificate in this PEM `FILE` get a token")
}

// apply changes to by the options that were given.
func (m *manners) apply(to *lab.Faults) error {
	set := map[string]func(){
		"latency":          func() { to.Latency = m.faults.Latency },
		"visibility-delay": func() { to.VisibilityDelay = m.faults.VisibilityDelay },
		"unavailable":      func() { to.Unavailable = m.faults.Unavailable },
		"gateway-timeout":  func() { to.GatewayTimeout = m.faults.GatewayTimeout },
		"drop-before":      func() { to.BreakBefore = m.faults.BreakBefore },
		"drop-after":       func() { to.BreakAfter = m.faults.BreakAfter },
		"late-timeout":     func() { to.LateTimeout = m.faults.LateTimeout },
		"token-life":       func() { to.TokenLife = m.faults.TokenLife },
		"delta-life":       func() { to.DeltaLife = m.faults.DeltaLife },
		"read-only":        func() { to.ReadOnly = m.faults.ReadOnly },
		"no-take-over":     func() { to.NoTakeOver = m.faults.NoTakeOver },
	}
	for name, f := range set {
		if m.flags.Changed(name) {
			f()
		}
	}
	for _, d := range m.deny {
		reader, attribute, ok := strings.Cut(d, ":")
		if !ok {
			reader, attribute = "*", d
		}
		to.Deny = maps.Clone(to.Deny)
		if to.Deny == nil {
			to.Deny = map[string][]string{}
		}
		to.Deny[reader] = append(slices.Clone(to.Deny[reader]), attribute)
	}
	if m.flags.Changed("throttle") {
		quota, ok := &lab.Throttle{}, true
		if m.throttle != throttleAuto {
			quota, ok = lab.ThrottleOfSize(m.throttle)
		}
		if !ok {
			return &fault.Error{Summary: fmt.Sprintf("%q is no size of a tenant", m.throttle), Hint: "Write --throttle S, --throttle M, --throttle L, a number of resource units in 10 s, or --throttle alone."}
		}
		to.Throttle = quota
	}
	if err := to.Check(); err != nil {
		return &fault.Error{Summary: "The lab cannot behave like this", Detail: err.Error() + "."}
	}
	return nil
}

// use gives a lab these manners before it is served.
func (m *manners) use(a *cli.App, l *lab.Lab) error {
	faults := l.Faults()
	if err := m.apply(&faults); err != nil {
		return err
	}
	l.SetFaults(faults)
	if m.certificate == "" {
		return nil
	}
	cert, err := readCertificate(a.Path(m.certificate))
	if err != nil {
		return err
	}
	l.SetClientCertificate(cert)
	return nil
}

// readCertificate reads the first certificate of a PEM file.
func readCertificate(path string) (*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return nil, fmt.Errorf("%s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", path)
		}
		if b.Type == "CERTIFICATE" {
			return x509.ParseCertificate(b.Bytes)
		}
	}
}
