package markdown_test

import (
	"bytes"
	"fmt"
	gohtml "html"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/render/internal/rendertest"
	"github.com/dirform/dirform/planner/render/markdown"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
)

// made is what places make of the text that Markdown has made: mentions, references to issues, merge requests, commits
// and the like, addresses, emoji and formulas. A character that is not seen must part them.
var made = regexp.MustCompile(`(?i)(^|\W)@\w|#\d|\bgh-\d|\b[a-z]+-\d+|![[:word:]\[]|~\w|%\w|&\d|\$\w|[a-z]+://|www\.\w|mailto:\w|:[a-z0-9_+-]+:|::\w|##|\b[0-9a-f]{7,40}\b|\w@\w`)

// TestNothingBecomesMarkup: whatever a directory says, the document has the elements that the layout makes, and no
// more.
func TestNothingBecomesMarkup(t *testing.T) {
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))
	rapid.Check(t, func(rt *rapid.T) {
		p := rendertest.Drawn(rt)
		place := rapid.SampledFrom(markdown.Places).Draw(rt, "place")
		var b bytes.Buffer
		o := markdown.Options{Place: place, More: "More.", Origin: origin.Origin{By: rendertest.Text().Draw(rt, "by"),
			Ref: rendertest.Text().Draw(rt, "ref")}}
		if err := markdown.Write(&b, p, o); err != nil {
			rt.Fatal(err)
		}
		src := b.Bytes()
		if !markdown.Is(src) {
			rt.Errorf("its kind is not known by its beginning")
		}
		for i, line := range strings.Split(string(src), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "/") || strings.HasPrefix(strings.TrimSpace(line), "::") {
				rt.Errorf("line %d is a command: %q", i, line)
			}
			for _, raw := range []string{"##[", "##vso", "](", "<img", "<script"} {
				if strings.Contains(line, raw) && i > 0 {
					rt.Errorf("line %d has %q: %q", i, raw, line)
				}
			}
		}
		root := reader.Parser().Parse(text.NewReader(src))
		err := ast.Walk(root, func(n ast.Node, in bool) (ast.WalkStatus, error) {
			if !in {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem, *ast.ThematicBreak, *ast.Emphasis, *ast.LinkReferenceDefinition, *east.Table, *east.TableHeader, *east.TableRow,
				*east.TableCell, *ast.String:
			case *ast.Heading:
				if title := textOf(n, src); n.Level != 4 || strings.ContainsAny(title, "@<") {
					rt.Errorf("heading %q", title)
				}
			case *ast.Text:
			case *ast.CodeSpan:
				if parent := textOf(n.Parent(), src); !strings.Contains(parent, "Planned at") {
					rt.Errorf("code: %q", parent)
				}
				return ast.WalkSkipChildren, nil
			case *ast.RawHTML:
				if raw := string(n.Segments.Value(src)); raw != "<br>" {
					rt.Errorf("HTML: %q", raw)
				}
			case *ast.HTMLBlock:
				for i := range n.Lines().Len() {
					seg := n.Lines().At(i)
					line := strings.TrimSpace(string(seg.Value(src)))
					inside := strings.NewReplacer("<p>", "", "</p>", "", "<b>", "", "</b>", "", "<summary>", "",
						"</summary>", "", "<details>", "", "</details>", "").Replace(line)
					if strings.ContainsAny(inside, "<>") && !strings.HasPrefix(line, "<!-- dirform-plan ") {
						rt.Errorf("HTML: %q", line)
					}
				}
			default:
				rt.Errorf("%T %q", n, textOf(n, src))
			}
			return ast.WalkContinue, nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		for _, shown := range shownTexts(reader, src) {
			if m := made.FindString(shown); m != "" {
				rt.Errorf("a place makes something of %q in %q", m, shown)
			}
		}
		if rt.Failed() {
			rt.Logf("%s", src)
		}
	})
}

// textOf is the text of a node and what is in it.
func textOf(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if x, ok := c.(*ast.Text); ok {
			b.Write(x.Value(src))
		}
		b.WriteString(textOf(c, src))
	}
	return b.String()
}

var tags = regexp.MustCompile(`(?s)<code>.*?</code>|<!--.*?-->|<[^>]*>`)

// shownTexts are the texts between the elements, as a reader and what a place does afterwards see them.
func shownTexts(reader goldmark.Markdown, src []byte) []string {
	var b bytes.Buffer
	m := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := m.Convert(src, &b); err != nil {
		return []string{err.Error()}
	}
	plain := tags.ReplaceAllString(b.String(), "\n")
	plain = gohtml.UnescapeString(plain)
	return strings.Split(plain, "\n")
}

// TestItFits: whatever the plan and the limit, the document has at most as many bytes, whole lines, and an end that
// says what is missing.
func TestItFits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rendertest.Drawn(rt)
		n := rapid.SampledFrom([]int{0, 1, 30, 3000}).Draw(rt, "people")
		long := strings.Repeat(rapid.SampledFrom([]string{"x", "@", "<", "&", "日"}).Draw(rt, "letter"),
			rapid.IntRange(1, 300).Draw(rt, "length"))
		p.TheHeader.Targets = slices.Repeat([]string{long}, rapid.SampledFrom([]int{0, 3, 100}).Draw(rt, "targets"))
		own := p.TheChanges
		scopes := rapid.IntRange(1, 600).Draw(rt, "scopes")
		p.TheChanges = func(yield func(*state.Change) bool) {
			for c := range own {
				if !yield(c) {
					return
				}
			}
			for i := range n {
				if !yield(rendertest.Person(i, fmt.Sprint(long[:1], i%scopes), long)) {
					return
				}
			}
		}
		p.TheTotals.Summary.Count(state.ActionUpdate, n)
		place := rapid.SampledFrom(markdown.Places).Draw(rt, "place")
		limit := rapid.SampledFrom([]int{0, markdown.Least, 20_000, 100_000}).Draw(rt, "limit")
		var b bytes.Buffer
		if err := markdown.Write(&b, p, markdown.Options{Place: place, Limit: limit, More: "More.",
			Origin: origin.Origin{By: long, Ref: long}, Digest: long}); err != nil {
			rt.Fatal(err)
		}
		if limit == 0 {
			limit = place.Limit
		}
		if b.Len() > limit {
			rt.Errorf("%d bytes of %d", b.Len(), limit)
		}
		out := b.String()
		if open, closed := strings.Count(out, "<details>"), strings.Count(out, "</details>"); open != closed {
			rt.Errorf("%d opened, %d closed", open, closed)
		}
		if !strings.HasSuffix(out, ".\n") || !strings.Contains(out, "\nPlanned at `2026-12-01T00:00:00Z`") {
			rt.Errorf("it ends with %q", out[max(0, len(out)-200):])
		}
		if rows := strings.Count(out, "jobTitle: "); n > 0 && rows < n && !strings.Contains(out,
			"Not everything has room here: ") {
			rt.Errorf("%d of %d people, and nothing says so", rows, n)
		}
	})
}

// TestMemory: a plan of very many changes takes no more memory than the document has bytes, some times over.
func TestMemory(t *testing.T) {
	const n = 200_000
	p := &rendertest.Plan{TheChanges: func(yield func(*state.Change) bool) {
		for i := range n {
			if !yield(rendertest.Person(i, "staff", fmt.Sprint("Title ", i))) {
				return
			}
		}
	}}
	p.TheTotals.Summary.Count(state.ActionUpdate, n)
	h := &heap{}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := markdown.Write(h, p, markdown.Options{Place: markdown.Places[0]}); err != nil {
		t.Fatal(err)
	}
	if grown := int64(h.most) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// heap notes the largest heap in use while it is written to.
type heap struct{ most uint64 }

func (h *heap) Write(b []byte) (int, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.most = max(h.most, m.HeapAlloc)
	return len(b), nil
}
