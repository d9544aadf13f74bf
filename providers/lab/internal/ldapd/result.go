package ldapd

import "fmt"

// Result codes of LDAP (RFC 4511, section 4.1.9).
const (
	codeSuccess            = 0
	codeOperationsError    = 1
	codeProtocolError      = 2
	codeSizeLimit          = 4
	codeCompareFalse       = 5
	codeCompareTrue        = 6
	codeAuthNotSupported   = 7
	codeStrongerAuth       = 8
	codeReferral           = 10
	codeCriticalExtension  = 12
	codeNoSuchAttribute    = 16
	codeConstraint         = 19
	codeValueExists        = 20
	codeInvalidSyntax      = 21
	codeNoSuchObject       = 32
	codeInvalidDN          = 34
	codeInvalidCredentials = 49
	codeInsufficientAccess = 50
	codeUnavailable        = 52
	codeUnwilling          = 53
	codeNamingViolation    = 64
	codeObjectClass        = 65
	codeNotAllowedNonLeaf  = 66
	codeAlreadyExists      = 68
	codeOther              = 80
)

// ResultError is an operation refused with an LDAP result code.
type ResultError struct {
	Code     int
	Matched  string // the deepest existing ancestor, for code 32
	Message  string
	Referral string
}

// Error gives the message and the code.
func (e *ResultError) Error() string { return fmt.Sprintf("%s (LDAP result %d)", e.Message, e.Code) }

func refuse(code int, format string, args ...any) *ResultError {
	return &ResultError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// appendResult appends a response message that consists of a result: everything except search entries.
func appendResult(b []byte, id int64, tag byte, r *ResultError, extra, controls []byte) []byte {
	if r == nil {
		r = &ResultError{}
	}
	start := len(b)
	b = begin(b, tagSequence)
	b = appendInteger(b, tagInteger, id)
	op := len(b)
	b = begin(b, tag)
	b = appendInteger(b, tagEnumerated, int64(r.Code))
	b = appendTLV(b, tagOctetString, r.Matched)
	b = appendTLV(b, tagOctetString, r.Message)
	if r.Referral != "" {
		b = appendTLV(b, 0xa3, appendTLV(nil, tagOctetString, r.Referral))
	}
	b = append(b, extra...)
	end(b, op)
	if len(controls) > 0 {
		b = appendTLV(b, tagControls, controls)
	}
	end(b, start)
	return b
}
