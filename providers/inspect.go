package providers

import "context"

// SourceInspector tells what a source has and what its reader may do there, without looking at the objects one by one.
type SourceInspector interface {
	// UnknownNames are those of names that the server's schema has no attribute of, in the order of names. The error is
	// [ErrNoSchema] where the schema cannot be read.
	UnknownNames(ctx context.Context, names []string) ([]UnknownName, error)
}

// UnknownName is an attribute's name that a server's schema does not have.
type UnknownName struct {
	Name string
	Near string // what may be meant, "" if nothing is like it
}

// InspectorOf is the inspector that r is, or that it wraps (a method Unwrap tells); nil if there is none.
func InspectorOf(r SourceReader) SourceInspector {
	for r != nil {
		if i, ok := r.(SourceInspector); ok {
			return i
		}
		w, ok := r.(interface{ Unwrap() SourceReader })
		if !ok {
			return nil
		}
		r = w.Unwrap()
	}
	return nil
}
