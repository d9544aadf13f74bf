package providers

import (
	"context"

	"github.com/dirform/dirform/state"
)

// SourceInspector tells what a source has and what its reader may do there, without looking at the objects one by one.
type SourceInspector interface {
	// UnknownNames are those of names that the server's schema has no attribute of, in the order of names. The error is
	// [ErrNoSchema] where the schema cannot be read.
	UnknownNames(ctx context.Context, names []string) ([]UnknownName, error)
	// Unreadable are those of names that the account may not read of some of the first objects of a query, sorted. known is false
	// where that cannot be told.
	Unreadable(ctx context.Context, q Query, names []string) (unreadable []string, known bool, err error)
	// MayWrite reports whether the account may write an attribute of one of these objects at least. It is true where the server does not tell.
	MayWrite(ctx context.Context, attribute string, guids []state.GUID) (bool, error)
	// Position is how far the server's copy of the directory has come. Reading sees at least that.
	Position(ctx context.Context) (Position, error)
}

// Position is how far one server's copy of a directory has come.
type Position struct {
	Invocation state.GUID // identifies the copy
	USN        int64      // the last change in it, in its own counting
	// Seen is up to which of their changes the copy has those of others; nil if the server does not show it.
	Seen map[state.GUID]int64
}

// UnknownName is an attribute's name that a server's schema does not have.
type UnknownName struct {
	Name string
	Near string // what may be meant, "" if nothing is like it
}

// InspectorOf is the inspector that r is, or that it wraps (a method Unwrap tells); nil if there is none.
func InspectorOf(r SourceReader) SourceInspector { return unwrapped[SourceInspector](r) }

// unwrapped is what r is, or what it wraps; the zero value if that is nothing.
func unwrapped[T, R any](r R) (t T) {
	for any(r) != nil {
		if is, ok := any(r).(T); ok {
			return is
		}
		w, ok := any(r).(interface{ Unwrap() R })
		if !ok {
			return t
		}
		r = w.Unwrap()
	}
	return t
}

// TenantInspector tells what may be done in a tenant, without doing it.
type TenantInspector interface {
	// Permissions are those that the access token carries: an application's, or those that a signed-in person has lent it. known
	// is false where that is not all that decides: the token does not say, or the application holds a directory role.
	Permissions(ctx context.Context) (held []string, known bool, err error)
}

// TenantInspectorOf is the inspector that r is, or that it wraps (a method Unwrap tells); nil if there is none.
func TenantInspectorOf(r TenantReader) TenantInspector { return unwrapped[TenantInspector](r) }

// MailboxLister lists the accounts with a mailbox all at once, for a snapshot.
type MailboxLister interface {
	// AllMailboxes tells the ids of the accounts of which [TenantReader.Mailboxes] says that they have a mailbox.
	AllMailboxes(ctx context.Context, tell func(id string) error) error
}

// MailboxListerOf is the lister that r is, or that it wraps; nil if there is none.
func MailboxListerOf(r TenantReader) MailboxLister { return unwrapped[MailboxLister](r) }
