package graphd

import (
	"strings"
)

// filterParser compiles $filter by recursive descent.
type filterParser struct {
	reg     *registry
	kind    kind
	rest    string
	tok     string // current token; strings start with a quote, the end is ""
	err     *Error
	lacking *Error // the answer if the advanced query parameters are missing; nil if nothing needs them
	depth   int
}

// parseFilter is compileFilter with the limit on alternatives.
func parseFilter(reg *registry, k kind, s string) (*filter, *Error, *Error) {
	f, lacking, e := compileFilter(reg, k, s)
	if e != nil {
		return nil, nil, e
	}
	if n := f.clauses(); n > maxClauses {
		return nil, nil, unsupportedQuery("Too many child clauses specified in search filter expression containing 'OR' operators: %d."+
			" Max allowed: %d.", n, maxClauses)
	}
	return f, lacking, nil
}

// compileFilter compiles the filters that clients of a directory need; others get the service's refusal. lacking is the
// refusal for lack of the advanced query parameters, nil if it needs none.
func compileFilter(reg *registry, k kind, s string) (f *filter, lacking, e *Error) {
	p := &filterParser{reg: reg, kind: k, rest: s}
	p.next()
	f = p.or()
	if p.err == nil && p.tok != "" {
		p.fail()
	}
	if p.err != nil {
		return nil, nil, p.err
	}
	return f, p.lacking, nil
}

func (p *filterParser) fail() {
	if p.err == nil {
		p.err = badRequest("Invalid filter clause: unexpected %q.", p.tok)
	}
}

// next reads a token: a word, a quoted string with its opening quote and ” undone, or one sign.
func (p *filterParser) next() {
	p.rest = strings.TrimLeft(p.rest, " ")
	switch {
	case p.rest == "":
		p.tok = ""
	case p.rest[0] == '\'':
		p.quoted()
	case strings.IndexByte("(),:", p.rest[0]) >= 0:
		p.tok, p.rest = p.rest[:1], p.rest[1:]
	default:
		i := strings.IndexAny(p.rest, " (),:'")
		if i < 0 {
			i = len(p.rest)
		}
		p.tok, p.rest = p.rest[:i], p.rest[i:]
	}
}

func (p *filterParser) quoted() {
	var b strings.Builder
	b.WriteByte('\'')
	for i := 1; i < len(p.rest); i++ {
		if p.rest[i] == '\'' {
			if i+1 == len(p.rest) || p.rest[i+1] != '\'' {
				p.tok, p.rest = b.String(), p.rest[i+1:]
				return
			}
			i++
		}
		b.WriteByte(p.rest[i])
	}
	p.tok = p.rest
	p.fail()
	p.rest = ""
}

func (p *filterParser) take(sign string) {
	if !strings.EqualFold(p.tok, sign) {
		p.fail()
	}
	p.next()
}

func (p *filterParser) or() *filter {
	f := p.and()
	for p.err == nil && strings.EqualFold(p.tok, "or") {
		p.next()
		f = &filter{op: "or", kids: []*filter{f, p.and()}}
	}
	return f
}

func (p *filterParser) and() *filter {
	f := p.unary()
	for p.err == nil && strings.EqualFold(p.tok, "and") {
		p.next()
		f = &filter{op: "and", kids: []*filter{f, p.unary()}}
	}
	return f
}

func (p *filterParser) unary() *filter {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 50 {
		p.fail()
	}
	if p.err != nil {
		return &filter{op: "or", kids: nil}
	}
	switch word := strings.ToLower(p.tok); word {
	case "not":
		p.needs("not")
		p.next()
		return &filter{op: "not", kids: []*filter{p.unary()}}
	case "(":
		p.next()
		f := p.or()
		p.take(")")
		return f
	case "startswith", "endswith":
		p.next()
		p.take("(")
		f := &filter{op: word, prop: p.property(p.tok)}
		p.judge(f, opNames[word])
		p.next()
		p.take(",")
		p.literal(f)
		p.take(")")
		return f
	}
	return p.comparison()
}

func (p *filterParser) comparison() *filter {
	if name, ok := strings.CutSuffix(p.tok, "/$count"); ok {
		return p.count(name)
	}
	name, lambda := strings.CutSuffix(p.tok, "/any")
	f := &filter{prop: p.property(name)}
	p.next()
	if lambda {
		return p.lambda(f)
	}
	return p.operator(f)
}

// lambda reads (p:p eq 'x') after proxyAddresses/any.
func (p *filterParser) lambda(f *filter) *filter {
	f.any = true
	p.take("(")
	variable := p.tok
	p.next()
	p.take(":")
	if word := strings.ToLower(p.tok); word == "startswith" || word == "endswith" {
		f.op = word
		p.judge(f, opNames[word])
		p.next()
		p.take("(")
		p.take(variable)
		p.take(",")
		p.literal(f)
		p.take(")")
	} else {
		if head, member, ok := strings.Cut(p.tok, "/"); ok && strings.EqualFold(head, variable) {
			f.member, p.tok = member, variable
		}
		p.take(variable)
		f = p.operator(f)
	}
	p.take(")")
	return f
}

// count reads proxyAddresses/$count eq 0 and the like.
func (p *filterParser) count(name string) *filter {
	f := &filter{op: "count", prop: p.property(name)}
	p.judge(f, opCount)
	p.next()
	negated := strings.EqualFold(p.tok, "ne")
	if !negated {
		p.take("eq")
	} else {
		p.next()
	}
	if p.tok != "0" && p.tok != "1" {
		p.fail()
	}
	f.values = []string{p.tok}
	p.next()
	if negated {
		return &filter{op: "not", kids: []*filter{f}}
	}
	return f
}

func (p *filterParser) operator(f *filter) *filter {
	f.op = strings.ToLower(p.tok)
	p.next()
	switch f.op {
	case "eq", "ge", "le":
		p.literal(f)
		p.judge(f, opNames[f.op])
	case "ne":
		p.needs("ne")
		f.op = "eq"
		p.literal(f)
		p.judge(f, opEq)
		return &filter{op: "not", kids: []*filter{f}}
	case "in":
		p.judge(f, opIn)
		p.take("(")
		p.literal(f)
		for p.err == nil && p.tok == "," {
			p.next()
			p.literal(f)
		}
		p.take(")")
	default:
		p.tok = f.op
		p.fail()
	}
	return f
}

func (p *filterParser) literal(f *filter) {
	switch low := strings.ToLower(p.tok); {
	case strings.HasPrefix(p.tok, "'"):
		f.values = append(f.values, p.tok[1:])
	case f.op == "eq" && (low == "null" || low == "true" || low == "false"):
		f.bare = low
	case f.op == "in" && (low == "true" || low == "false"):
		f.values = append(f.values, low)
	case f.member != "" && isGUID(p.tok):
		f.values = append(f.values, p.tok)
	case (f.op == "ge" || f.op == "le" || f.op == "eq") && p.tok != "" && p.tok[0] >= '0' && p.tok[0] <= '9':
		f.values = append(f.values, p.tok+p.timeRest())
	default:
		p.fail()
	}
	p.next()
}

// timeRest takes the parts of an unquoted time that the colons split off.
func (p *filterParser) timeRest() string {
	i := strings.IndexAny(p.rest, " ,)")
	if i < 0 {
		i = len(p.rest)
	}
	rest := p.rest[:i]
	p.rest = p.rest[i:]
	return rest
}

func (p *filterParser) property(name string) int {
	i, e := p.reg.lookup(name, p.kind)
	if e != nil && p.err == nil {
		p.err = e
		e.Message = "Invalid filter clause: " + e.Message
	}
	return i
}

func isGUID(s string) bool {
	_, ok := parseGUID(s)
	return ok
}
