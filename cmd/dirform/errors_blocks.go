package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// block is an error as people see it: what is wrong, why, and what to do.
type block struct{ summary, detail, hint string }

// asBlock lays an error out. The packages below word their errors as one sentence each; this is the one place that takes such
// sentences apart, and it keeps all their words.
func asBlock(err error) block {
	var usage *usageError
	var described fault.Described
	var opening *openError
	var locked *store.LockedError
	var other *store.OtherStateError
	var refused *planfile.RefusedError
	switch {
	case errors.As(err, &usage):
		return withHint(err, block{usage.summary, usage.detail, usage.hint})
	case errors.As(err, &opening):
		return opening.block()
	case errors.As(err, &locked):
		return block{"The state is locked", fmt.Sprintf("%s is locked by %q since %s (lock %s).",
			locked.Path, locked.Info.Holder, locked.Info.Since.UTC().Format(time.RFC3339), locked.Info.ID), upperFirst(locked.Advice())}
	case errors.As(err, &other):
		return block{upperFirst(store.ErrOtherState.Error()), sentence(other.Reason), sentence(other.Advice())}
	case errors.As(err, &refused):
		summary := "The plan file is " + refused.Why.Error()
		switch refused.Why {
		case planfile.ErrNotPlan:
			summary = "This is not a plan file"
		case planfile.ErrEdited:
			summary = "The plan file was changed after it was written"
		}
		return block{summary, sentence(refused.Path + ": " + refused.Detail), sentence(refused.Advice())}
	}
	if errors.As(err, &described) {
		d := fault.Describe(err)
		return block{d.Summary, d.Detail, d.Hint}
	}
	return withHint(err, chain(err))
}

// withHint adds the hint that an error carries itself, as a method Hint.
func withHint(err error, b block) block {
	var h interface{ Hint() string }
	if b.hint == "" && errors.As(err, &h) {
		b.hint = h.Hint()
	}
	return b
}

// openError is a directory that cannot be opened.
type openError struct {
	what       string // "Active Directory"
	provider   string // `provider "ad" "corp"`
	declaredAt string
	err        error
}

func (e *openError) Error() string {
	return fmt.Sprintf("%s (%s): %v", e.provider, e.declaredAt, e.err)
}

func (e *openError) Unwrap() error { return e.err }

func (e *openError) block() block {
	why, hint := advised(strings.TrimPrefix(e.err.Error(), "active directory: "))
	return block{e.what + " cannot be opened", fmt.Sprintf("%s (%s)\n%s", e.provider, e.declaredAt, sentence(why)), hint}
}

// longLine is where an error gets too long for a summary.
const longLine = 100

// chain takes the text of a wrapped error apart: what was tried, why it failed, and what to do if the text says that.
func chain(err error) block {
	why, hint := advised(err.Error())
	var unreached *net.OpError
	if hint == "" && errors.As(err, &unreached) {
		hint = "Check that this machine (or its HTTPS_PROXY) can reach the server, and the address in the provider block."
	}
	what, cause, ok := strings.Cut(why, ": ")
	if !ok || !strings.Contains(what, " ") || len(why) <= longLine && !strings.Contains(cause, ": ") {
		return block{summary: why, hint: hint}
	}
	if first, _, _ := strings.Cut(what, " "); strings.HasSuffix(first, "ing") {
		what += " failed"
	}
	return block{upperFirst(what), sentence(cause), hint}
}

var (
	// advice is a part of an error that tells people what to do.
	advice = regexp.MustCompile(`(?s)(?:: |; )((?:check|use|set|correct|enable it|unlock it|try again|give|restore|upgrade|plan again|name another)\b.*)`)
	// adviceEnd is what may follow it: the server's own words, or a list of servers.
	adviceEnd = regexp.MustCompile(`:(?: LDAP Result Code|\n )`)
	// ownLine is advice that stands on a line of its own.
	ownLine = regexp.MustCompile(`(?s)\n([A-Z].*)$`)
)

// advised takes the advice out of an error's text.
func advised(text string) (why, hint string) {
	if at := ownLine.FindStringSubmatchIndex(text); at != nil {
		return text[:at[0]], sentence(text[at[2]:])
	}
	at := advice.FindStringSubmatchIndex(text)
	if at == nil || strings.HasPrefix(text[at[2]:], "use of ") { // of a closed network connection
		return text, ""
	}
	why, hint = text[:at[0]], text[at[2]:]
	if end := adviceEnd.FindStringIndex(hint); end != nil {
		why += hint[end[0]:]
		hint = hint[:end[0]]
	}
	return why, "What to do: " + strings.TrimRight(hint, ". ") + "."
}

// sentence makes a sentence of an error's words, which begin small and end without a full stop. Words that begin with a name or an
// address are left as they are.
func sentence(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if !strings.ContainsAny(first, "/.:_=") {
		s = upperFirst(s)
	}
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?\n") {
		s += "."
	}
	return s
}
