package expr

import "github.com/dirform/dirform/state"

// Program is a compiled, type-checked expression. It is immutable and safe for concurrent use.
type Program struct {
	source     string
	declaredAt string
	attributes []string
	eval       func(*state.Object) (state.Value, error)
}

// Eval computes the expression for a source object. It fails where the expression has no value for this object, such as a
// template with a null in it; the error says which part.
func (p *Program) Eval(src *state.Object) (state.Value, error) { return p.eval(src) }

// Source is the expression as written.
func (p *Program) Source() string { return p.source }

// DeclaredAt is the expression's file:line.
func (p *Program) DeclaredAt() string { return p.declaredAt }

// Attributes are the source attributes it reads, in schema spelling, sorted.
func (p *Program) Attributes() []string { return p.attributes }
