// Package fault is the error for people: what is wrong, why, and what to do, each in a field of its own, so that nobody takes a
// sentence apart to find them.
//
// The place that knows what to do makes an [Error] (or a typed error with more fields that is [Described]). The functions above it
// add where it happened, as Go does everywhere:
//
//	fmt.Errorf("reading the domains: %w", err)
//
// or put it under a summary of their own with another [Error] whose Err it is. [Describe] lays the whole chain out once, where it
// is printed: the summary is that of the outermost fault, the detail holds all words of what it wraps or of what wraps it, and the
// hint is the outermost one there is, whichever fault has it. A chain without any fault is its text and nothing else.
package fault

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is an error for people.
type Error struct {
	// Summary is what is wrong: constant words around the names concerned. As in Go's errors it has no full stop and, where
	// others may wrap it, a small first letter, which Describe makes large. It may be empty if the words of Err say it all
	// (see Advise).
	Summary string
	// Detail is what exactly and why, in whole sentences. If it is empty, the words of Err are the detail; if it is not, it
	// says in better words what Err says, or quotes it.
	Detail string
	// Hint is what to do, in whole sentences. It may be empty. It is not part of Error's text.
	Hint string
	// Err is the cause, for errors.Is and errors.As. It may be nil.
	Err error
}

// Error is the summary and the detail in one text; one line, unless the detail has several.
func (e *Error) Error() string {
	why := e.Detail
	if why == "" && e.Err != nil {
		why = e.Err.Error()
	}
	switch {
	case e.Summary == "":
		return why
	case why == "":
		return e.Summary
	}
	return e.Summary + ": " + why
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fault is the error itself.
func (e *Error) Fault() *Error { return e }

// Described is an error that has the fields of an [Error], whatever other fields it has: a typed error for callers that act upon
// it. Its text need not be that of its fault.
type Described interface {
	error
	Fault() *Error
}

// Advise adds what to do to an error whose words say already what is wrong. The hint is whole sentences.
func Advise(err error, hint string) *Error { return &Error{Hint: hint, Err: err} }

// Description is an error laid out for printing: a summary without a full stop, and sentences. All but the summary may be empty.
type Description struct{ Summary, Detail, Hint string }

// Describe lays an error out. An error without a fault in its chain is a summary in its own words; nil is the zero Description.
func Describe(err error) Description {
	if err == nil {
		return Description{}
	}
	d := Description{Hint: Hint(err)}
	err = bare(err)
	outer := find(err, func(f *Error) bool { return f.Summary != "" })
	if outer == nil {
		d.Summary = capital(err.Error())
		return d
	}
	f := outer.Fault()
	d.Summary = capital(f.Summary)
	switch {
	case outer != err:
		d.Detail = Sentence(err)
	case f.Detail != "":
		d.Detail = f.Detail
	case f.Err != nil:
		d.Detail = Sentence(f.Err)
	}
	return d
}

// Hint is what to do about an error: the outermost hint in its chain, "" if there is none.
func Hint(err error) string {
	if f := find(err, func(f *Error) bool { return f.Hint != "" }); f != nil {
		return f.Fault().Hint
	}
	return ""
}

// find is the outermost fault of the chain that is as wanted, or nil. Of joined errors the first that has one counts.
func find(err error, wanted func(*Error) bool) Described {
	for err != nil {
		if d, ok := err.(Described); ok && wanted(d.Fault()) {
			return d
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				if d := find(one, wanted); d != nil {
					return d
				}
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// bare is err without what has no words of its own: advice, and a join of one, which errors.Join(err, file.Close()) mostly is.
func bare(err error) error {
	for {
		if e, ok := err.(*Error); ok && e.Summary == "" && e.Detail == "" && e.Err != nil {
			err = e.Err
		} else if e, ok := err.(interface{ Unwrap() []error }); ok && len(e.Unwrap()) == 1 && e.Unwrap()[0].Error() == err.Error() {
			err = e.Unwrap()[0]
		} else {
			return err
		}
	}
}

// Sentence makes a sentence of an error's words, for a detail that quotes it.
func Sentence(err error) string {
	s := capital(err.Error())
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?\n") {
		s += "."
	}
	return s
}

// capital makes the first letter large, unless the first word is an address, a file or the name of a setting.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	word := s
	if i := strings.IndexAny(s, " \n"); i >= 0 {
		word = s[:i]
	}
	if size == 0 || strings.ContainsAny(strings.TrimSuffix(word, ":"), "/.:_=") {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

var _ Described = (*Error)(nil)
