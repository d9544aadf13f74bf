package source

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/state/bounds"
)

// Encoding is the summary of what says that a file is in another encoding than UTF-8.
const Encoding = "Invalid character encoding"

// Parse parses a file of the language. What is nested deeper, or longer, than anybody writes is an error instead of a
// stack that overflows: the parser goes into brackets and operators by calling itself, and nothing can catch its end.
func Parse(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if bounds.Wide(src) {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: Encoding, Detail: "This file is in UTF-16. " + bounds.Narrow,
			Subject: &hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}}}
	}
	if diags := tooDeep(src, name); diags.HasErrors() {
		return nil, diags
	}
	return hclsyntax.ParseConfig(src, name, hcl.InitialPos)
}

// Unix is src with line ends as the language has them, so that a text of several lines is the same in every checkout.
func Unix(src []byte) []byte { return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")) }

// level is a bracket, or the like, that is open.
type level struct {
	opened hclsyntax.TokenType
	count  int // operations of the expression that is read
}

// endsWithLine says that an expression here ends where its line does: at the top, in a block, in a map.
func (l *level) endsWithLine() bool { return l.opened == 0 || l.opened == hclsyntax.TokenOBrace }

// tooDeep reports the first place where src goes beyond the limits of nesting and operations.
func tooDeep(src []byte, name string) hcl.Diagnostics {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos) // what is wrong with them says the parser
	levels := []level{{}}
	for _, t := range tokens {
		in := &levels[len(levels)-1]
		switch {
		case opens(t.Type):
			in.count++
			levels = append(levels, level{opened: t.Type})
		case closes(t.Type):
			if len(levels) > 1 {
				levels = levels[:len(levels)-1]
			}
		case t.Type == hclsyntax.TokenComma, t.Type == hclsyntax.TokenNewline && in.endsWithLine():
			in.count = 0
		case operates(t.Type):
			in.count++
		}
		switch {
		case len(levels) > bounds.Nesting+1:
			return tooMuch(t, "Too deeply nested", "More than %d brackets, quotes or blocks are open here. "+
				"Put the inner parts into locals.", bounds.Nesting)
		case levels[len(levels)-1].count > bounds.Operations:
			return tooMuch(t, "Expression too long", "This expression has more than %d operators, indexes or "+
				"interpolations. Put its parts into locals.", bounds.Operations)
		}
	}
	return nil
}

func tooMuch(at hclsyntax.Token, summary, detail string, limit int) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Subject: at.Range.Ptr(),
		Detail: fmt.Sprintf(detail, limit)}}
}

func opens(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenOQuote,
		hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return true
	}
	return false
}

func closes(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenCQuote,
		hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	return false
}

// operates tells tokens that make the parser, or whoever evaluates, go one level deeper.
func operates(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash,
		hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
		hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq,
		hclsyntax.TokenQuestion, hclsyntax.TokenColon, hclsyntax.TokenDot:
		return true
	}
	return false
}
