package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dirform/dirform/config/expr/internal/adforms"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/proxies"
)

// directoryFunctions are what directories need beyond Terraform's functions. Each exists once, natively; HCL calls it through
// an adapter.
func directoryFunctions(environ []string) []Function {
	return []Function{
		own("ascii", "ascii(string)", "Transliterated to ASCII: accents dropped, ß to ss, æ to ae, ø to o, ł to l; what has no likeness is dropped.",
			`ascii("Jörg Großø") = "Jorg Grosso"`, &native{in: texts(1), out: textKind, nonnull: true, f1: pure(adforms.ASCII)}, "string"),
		own("guid", "guid(base64)", "A binary GUID such as objectGUID in its text form.",
			`guid("KPX8DgRypVysINTShrieUg==") = "0efcf528-7204-5ca5-ac20-d4d286b89e52"`, &native{in: texts(1), out: textKind, fails: true, f1: failing(adforms.GUID)}, "base64"),
		own("sid", "sid(base64)", "A binary security identifier in its text form; the text form stays as it is.",
			`sid("AQIAAAAAAAUgAAAAIAIAAA==") = "S-1-5-32-544"`, &native{in: texts(1), out: textKind, fails: true, f1: failing(adforms.SID)}, "base64"),
		own("has_flag", "has_flag(number, bit)", "Whether the bit (a number such as 2) is set; null for null.",
			`has_flag(514, 2) = true`, &native{in: []kind{numberKind, numberKind}, out: boolKind, nonnull: true, fails: true, f2: hasFlag}, "number", "bit"),
		own("filetime", "filetime(number)", "A Windows time (100 ns steps since 1601) as RFC 3339 in UTC; null for 0 and for never.",
			`filetime(133485408000000000) = "2024-01-01T00:00:00Z"`, &native{in: []kind{numberKind}, out: textKind, f1: filetime}, "number"),
		own("primary_smtp", "primary_smtp(list)", "The address after SMTP: in proxyAddresses; null without one, and if there are several.",
			`primary_smtp(["smtp:b@c.com", "SMTP:a@c.com"]) = "a@c.com"`, &native{in: []kind{listKind}, out: textKind, f1: primarySMTP}, "addresses"),
		own("aliases", "aliases(list)", "The addresses after smtp: in proxyAddresses, the primary one left out.",
			`aliases(["smtp:b@c.com", "SMTP:a@c.com"]) = ["b@c.com"]`, &native{in: []kind{listKind}, out: listKind, nulls: nullIsEmpty, nonnull: true, f1: aliases}, "addresses"),
		own("dn_parent", "dn_parent(dn)", "The distinguished name one level up.",
			`dn_parent("CN=Jane,OU=Staff,DC=corp") = "OU=Staff,DC=corp"`, &native{in: texts(1), out: textKind, fails: true, f1: failing(dnParent)}, "dn"),
		own("dn_value", "dn_value(dn, type)", "The value of the first part of that type, or null.",
			`dn_value("CN=Jane,OU=Staff,DC=corp", "OU") = "Staff"`, &native{in: texts(2), out: textKind, fails: true, f2: dnValue}, "dn", "type"),
		own("mail_domain", "mail_domain(address)", "What follows the @ of an address or UPN, in lower case, or null.",
			`mail_domain("jane@Contoso.com") = "contoso.com"`, &native{in: texts(1), out: textKind, f1: mailDomain}, "address"),
		own("env", "env(name)", "The environment variable, or null if it is not set. For credentials only, see \"dirform help sign-in\".",
			`env("NOT_SET") = null`, &native{in: texts(1), out: textKind, f1: lookupEnv(environ)}, "name"),
	}
}

// ASCII is what the function ascii makes of a text.
func ASCII(s string) string { return state.NFC(adforms.ASCII(s)) }

func own(name, signature, summary, example string, n *native, params ...string) Function {
	return Function{Name: name, Signature: signature, Summary: summary, Example: example, Directory: true, call: n.function(params...), native: n}
}

func texts(n int) []kind {
	k := make([]kind, n)
	for i := range k {
		k[i] = textKind
	}
	return k
}

func pure(f func(string) string) func(state.Value) (state.Value, error) {
	return func(a state.Value) (state.Value, error) { return textValue(f(a.Str())), nil }
}

func failing(f func(string) (string, error)) func(state.Value) (state.Value, error) {
	return func(a state.Value) (state.Value, error) {
		s, err := f(a.Str())
		return textValue(s), err
	}
}

func hasFlag(n, bit state.Value) (state.Value, error) {
	if bit.Int() == 0 {
		return state.Null(), fmt.Errorf("has_flag needs the bit's value, such as 2 or 65536; 0 is no bit")
	}
	return state.Bool(n.Int()&bit.Int() == bit.Int()), nil
}

func filetime(a state.Value) (state.Value, error) {
	if text, ok := adforms.FileTime(a.Int()); ok {
		return state.String(text), nil
	}
	return state.Null(), nil
}

func primarySMTP(a state.Value) (state.Value, error) {
	if address := proxies.PrimaryOf(a.List()); address != "" {
		return textValue(address), nil
	}
	return state.Null(), nil
}

func aliases(a state.Value) (state.Value, error) {
	list := proxies.FurtherOf(a.List())
	for i, address := range list {
		list[i] = state.NFC(address)
	}
	return state.List(list), nil
}

func dnParent(name string) (string, error) {
	_, parent, err := dn.Split(name)
	if err != nil {
		return "", notDN(err)
	}
	return parent, nil
}

func dnValue(name, typ state.Value) (state.Value, error) {
	value, ok, err := dn.Value(name.Str(), typ.Str())
	switch {
	case err != nil:
		return state.Null(), notDN(err)
	case !ok:
		return state.Null(), nil
	}
	return textValue(value), nil
}

// notDN is an error of package dn without the name itself, which stands among the expression's inputs.
func notDN(err error) error {
	var e *dn.Error
	if errors.As(err, &e) {
		return fmt.Errorf("the value is not a distinguished name: %s", e.Why)
	}
	return err
}

func mailDomain(a state.Value) (state.Value, error) {
	s := a.Str()
	if i := strings.LastIndexByte(s, '@'); i >= 0 && i < len(s)-1 {
		return textValue(strings.ToLower(s[i+1:])), nil
	}
	return state.Null(), nil
}

func lookupEnv(environ []string) func(state.Value) (state.Value, error) {
	return func(a state.Value) (state.Value, error) {
		for i := len(environ) - 1; i >= 0; i-- {
			if name, value, ok := strings.Cut(environ[i], "="); ok && name == a.Str() {
				return textValue(value), nil
			}
		}
		return state.Null(), nil
	}
}
