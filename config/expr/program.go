package expr

import (
	"errors"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// Program is a compiled, type-checked expression. It is immutable and safe for concurrent use.
type Program struct {
	source     string
	declaredAt string
	attributes []string
	always     []int // slots of the attributes that every object has
	slots      *Slots
	constant   *state.Value
	native     bool // compiled to closures; otherwise HCL evaluates it
	loops      bool // needs loop variables
	condition  bool // null is no answer
	plain      int  // 1 + the slot, if it is just a text attribute, as most mappings are; else 0
	eval       evaluator
}

// evaluator computes an expression for a source object whose shape is the slots'. loop is nil unless the program has loops.
type evaluator func(src *state.Object, loop *loopVars) (state.Value, error)

// Eval computes the expression for a source object, of which it reads the attributes that [Program.Attributes] lists. It fails
// where the expression has no value for this object, such as an index beyond a list's end; the error says which part. It is
// [Unread] where an attribute could not be read, and [ErrUndecided] for a condition that is null.
func (p *Program) Eval(src *state.Object) (state.Value, error) {
	if p.constant != nil {
		return *p.constant, nil
	}
	if src.Shape == nil || src.Shape != p.slots.shape || len(src.Values) < p.slots.shape.Len() {
		src = p.slots.adapt(src, p.attributes)
	}
	for _, slot := range p.always {
		if src.Values[slot].IsNull() {
			return state.Null(), &Unread{Attribute: p.slots.names[slot]}
		}
	}
	if p.plain > 0 {
		return text(&src.Values[p.plain-1])
	}
	var loop *loopVars
	if p.loops {
		loop = new(loopVars)
	}
	v, err := p.eval(src, loop)
	if err == nil && p.condition && v.IsNull() {
		return v, ErrUndecided
	}
	return v, err
}

// ErrUndecided is the error of a condition that is null.
var ErrUndecided = errors.New("the condition is null, neither true nor false; coalesce(…, false) decides for objects without a value")

// Unread is the error of an expression that reads an attribute which every object has, and which came without a value.
type Unread struct {
	Attribute string // in schema spelling
}

// Error says that the attribute could not be read.
func (e *Unread) Error() string {
	return "every object has " + e.Attribute + ", and none came: it could not be read"
}

// Source is the expression as written.
func (p *Program) Source() string { return p.source }

// DeclaredAt is the expression's file:line.
func (p *Program) DeclaredAt() string { return p.declaredAt }

// Attributes are the source attributes it reads, in schema spelling, sorted.
func (p *Program) Attributes() []string { return p.attributes }

// Constant is the expression's value if it is the same for every object; ok is false otherwise, and for a nil program.
func (p *Program) Constant() (v state.Value, ok bool) {
	if p == nil || p.constant == nil {
		return state.Null(), false
	}
	return *p.constant, true
}

// Plain is the position in objects of the given shape of the attribute that the expression is: one that holds a text, unchanged but
// for its Unicode form and the blanks around it. Whoever compares texts regardless of those can spare the evaluation of such a program. It is -1 for any
// other expression.
func (p *Program) Plain(shape *state.Shape) int {
	if p.constant != nil || shape == nil || shape != p.slots.shape {
		return -1
	}
	return p.plain - 1
}

// Slots assigns each source attribute of one kind a fixed position while expressions are compiled. Freeze turns it into the
// shape that source objects are read with.
type Slots struct {
	names []string
	index map[string]int // by lower-case name
	shape *state.Shape
}

// NewSlots makes an empty registry.
func NewSlots() *Slots { return &Slots{index: map[string]int{}} }

// Slot is the position of the named attribute, which is added if it is new. It must not be called after Freeze.
func (s *Slots) Slot(name string) int {
	key := strings.ToLower(name)
	if i, ok := s.index[key]; ok {
		return i
	}
	s.names = append(s.names, name)
	s.index[key] = len(s.names) - 1
	return len(s.names) - 1
}

// Add adds the attributes that are new.
func (s *Slots) Add(names []string) {
	for _, name := range names {
		s.Slot(name)
	}
}

// Freeze ends the registration and gives the shape.
func (s *Slots) Freeze() *state.Shape {
	if s.shape == nil {
		s.shape = state.NewShape(s.names...)
	}
	return s.shape
}

// adapt is src in the order of the slots: for objects that were read with another shape.
func (s *Slots) adapt(src *state.Object, attributes []string) *state.Object {
	o := *src
	o.Values = make([]state.Value, len(s.names))
	if src.Shape == nil {
		return &o
	}
	for _, name := range attributes {
		if i := src.Shape.Index(name); i >= 0 && i < len(src.Values) {
			o.Values[s.index[strings.ToLower(name)]] = src.Values[i]
		}
	}
	return &o
}

func sortedUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
