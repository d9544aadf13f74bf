package view

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
)

// Block is all findings of a code and severity, or those of one value where few values have findings.
type Block struct {
	Code     string
	Severity planner.Severity
	Summary  string
	Count    int      // findings
	Of       int      // all findings of the code and severity, in other blocks too
	Values   int      // different values or sets of objects; what exceeds the room is not told apart
	Groups   []*Group // by value, in the plan's order; the first few only if there are many
	Hints    []Tally
	Declared []Tally
	SignedIn int // findings that keep somebody signed in
	Withheld int // changes of attributes that they hold back
	Commands int // findings with commands
}

// Group is the findings of a block that are about one value; those without a value, about the same objects.
type Group struct {
	Attribute, Value string
	Count            int       // findings
	Members          []*Member // the first few
	Unnamed          int       // findings about other objects than those of the members
}

// Member is what one group says about the same objects, by several findings if each of two objects is told about the
// other.
type Member struct {
	*planner.Finding          // the first
	Findings         int      // how many they are
	Snippets         []string // of all of them
	objects          digest
}

// How much of a block is kept.
const (
	maxMembers  = 12     // of a group
	maxSnippets = 3      // of a member
	maxValues   = 12     // groups of a code
	fewValues   = 5      // values of a code that have a block each
	maxKeys     = 16_384 // values of all codes together that are told apart
)

// digest tells texts apart.
type digest [16]byte

func digestOf(texts ...string) digest {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return digest(sum[:16])
}

// objectsOf is the same for findings about the same objects, in whatever order they name them.
func objectsOf(f *planner.Finding) digest {
	keys := make([]string, len(f.Objects))
	for i, o := range f.Objects {
		keys[i] = keyOf(o)
	}
	slices.Sort(keys)
	return digestOf(keys...)
}

func keyOf(o planner.ObjectRef) string {
	return cmp.Or(o.SourceDN, o.TargetID, o.Address, o.Anchor, o.Name)
}

// says reports whether a finding tells of a member what another one has told: the same once more, or, of several
// objects, what each of them has to do with the others.
func (m *Member) says(f *planner.Finding, objects digest) bool {
	return m.objects == objects && (m.Detail == f.Detail || len(f.Objects) > 1 &&
		keyOf(f.Objects[0]) != keyOf(m.Objects[0]))
}

// coded is a block being made.
type coded struct {
	Block
	keys map[digest]*Group // nil for a group that is counted only
}

// Blocks are a plan's error findings and its warnings.
func Blocks(r Source) (refused, warned []*Block, err error) {
	type key struct {
		code     string
		severity planner.Severity
	}
	blocks, room := map[key]*coded{}, maxKeys
	var order []*coded
	for f, err := range r.Findings() {
		if err != nil {
			return nil, nil, err
		}
		k := key{f.Code, f.Severity}
		b := blocks[k]
		if b == nil {
			b = &coded{Block: Block{Code: f.Code, Severity: f.Severity, Summary: f.Summary}, keys: map[digest]*Group{}}
			blocks[k], order = b, append(order, b)
		}
		b.add(f, &room)
	}
	for _, b := range order {
		list := &refused
		if b.Severity != planner.Error {
			list = &warned
		}
		*list = append(*list, b.split()...)
	}
	return refused, warned, nil
}

// BlocksOf are the blocks of a list of findings, those of errors first.
func BlocksOf(r Source) ([]*Block, error) {
	refused, warned, err := Blocks(r)
	return append(refused, warned...), err
}

func (b *coded) add(f *planner.Finding, room *int) {
	b.Block.count(f)
	objects := objectsOf(f)
	k := objects
	if f.Value != "" || len(f.Objects) < 2 {
		k = digestOf(f.Attribute, f.Value)
	}
	g, known := b.keys[k]
	if !known {
		b.Values++
		if len(b.Groups) < maxValues {
			g = &Group{Attribute: f.Attribute, Value: f.Value}
			b.Groups = append(b.Groups, g)
		}
		if *room > 0 {
			*room--
			b.keys[k] = g
		}
	}
	if g != nil {
		g.add(f, objects)
	}
}

// count counts what is counted of each finding.
func (b *Block) count(f *planner.Finding) {
	b.Count++
	b.Of++
	b.Withheld += len(f.Withheld)
	if f.SignedIn {
		b.SignedIn++
	}
	if len(f.Commands) > 0 {
		b.Commands++
	}
	if f.Hint != "" {
		b.Hints = tally(b.Hints, f.Hint)
	}
	if f.DeclaredAt != "" {
		b.Declared = tally(b.Declared, f.DeclaredAt)
	}
}

func (g *Group) add(f *planner.Finding, objects digest) {
	g.Count++
	for _, m := range g.Members {
		if m.says(f, objects) {
			m.Findings++
			m.snippet(f)
			return
		}
	}
	if len(g.Members) == maxMembers {
		g.Unnamed++
		return
	}
	m := &Member{Finding: f, Findings: 1, objects: objects}
	m.snippet(f)
	g.Members = append(g.Members, m)
}

// snippet keeps the configuration that a finding offers.
func (m *Member) snippet(f *planner.Finding) {
	if f.Snippet != "" && len(m.Snippets) < maxSnippets && !slices.Contains(m.Snippets, f.Snippet) {
		m.Snippets = append(m.Snippets, f.Snippet)
	}
}

// split makes a block of each value if they are few and every finding is at hand.
func (b *coded) split() []*Block {
	whole := len(b.Groups) <= fewValues && b.Values == len(b.Groups)
	for _, g := range b.Groups {
		whole = whole && g.Unnamed == 0
	}
	if len(b.Groups) == 1 || !whole {
		return []*Block{&b.Block}
	}
	var list []*Block
	for _, g := range b.Groups {
		one := &Block{Code: b.Code, Severity: b.Severity, Summary: b.Summary, Values: 1, Groups: []*Group{g}}
		for _, m := range g.Members {
			one.count(m.Finding)
		}
		one.Count, one.Of = g.Count, b.Count
		list = append(list, one)
	}
	return list
}
