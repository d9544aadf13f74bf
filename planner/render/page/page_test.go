package page_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/render/internal/rendertest"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
)

// elements are those of a page.
var elements = []string{"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "b", "div", "button",
	"small", "span", "section", "table", "tbody", "tr", "td",
	"th", "svg", "rect", "noscript", "input", "select", "option", "script"}

// TestNothingBecomesMarkup: whatever a directory says, the page has the elements that the layout makes, and no more;
// and every row that it has besides is a change or a finding of the plan.
func TestNothingBecomesMarkup(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := rendertest.Drawn(rt)
		var b bytes.Buffer
		if err := page.Write(&b, p, page.Options{Digest: "sha256:0",
			Origin: origin.Origin{By: rendertest.Text().Draw(rt, "by"), Ref: rendertest.Text().Draw(rt,
				"ref")}}); err != nil {
			rt.Fatal(err)
		}
		if !page.Is(b.Bytes()) {
			rt.Error("its kind is not known by its beginning")
		}
		root, err := html.Parse(bytes.NewReader(b.Bytes()))
		if err != nil {
			rt.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.CommentNode {
				rt.Errorf("a comment: %q", n.Data)
			}
			if n.Type != html.ElementNode {
				continue
			}
			if !slices.Contains(elements, n.Data) {
				rt.Errorf("an element: %q", n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" {
					rt.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
				}
			}
		}
		changes := 0
		for range p.TheChanges {
			changes++
		}
		if got := len(rows(rt, b.String())); got != changes+len(p.TheFindings) {
			rt.Errorf("%d rows of %d changes and %d findings", got, changes, len(p.TheFindings))
		}
	})
}

type fataler interface{ Fatal(args ...any) }

var data = regexp.MustCompile(`<script type="text/plain" id="rows">([A-Za-z0-9+/=]*)</script>`)

// rows are the rows of a page.
func rows(t fataler, text string) (list []map[string]any) {
	m := data.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("no rows")
	}
	packed, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Rows  []map[string]any
		Texts []string
	}
	if err := json.Unmarshal(plain, &all); err != nil {
		t.Fatal(err)
	}
	return all.Rows
}

// TestPolicy: the page allows its own style and its own script, by their digests, and nothing else; and it asks no
// other place for anything.
func TestPolicy(t *testing.T) {
	var b bytes.Buffer
	if err := page.Write(&b, &rendertest.Plan{TheChanges: func(func(*state.Change) bool) {}},
		page.Options{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)[1])
	for _, x := range []struct{ what, pattern string }{{"style", `(?s)<style>(.*?)</style>`},
		{"script", `(?s)<script>(.*?)</script>`}} {
		sum := sha256.Sum256([]byte(regexp.MustCompile(x.pattern).FindStringSubmatch(text)[1]))
		if want := fmt.Sprintf("%s-src 'sha256-%s'", x.what,
			base64.StdEncoding.EncodeToString(sum[:])); !strings.Contains(policy, want) {
			t.Errorf("policy %q is not %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
	if found := regexp.MustCompile(`(?i)https?://|//[a-z]+\.|@import|url\(|eval\(|Function\(|innerHTML`).FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// TestManyRows: a plan of more changes than a page takes is cut, and the page says so.
func TestManyRows(t *testing.T) {
	p := &rendertest.Plan{TheChanges: func(yield func(*state.Change) bool) {
		for i := range page.MaxRows + 10 {
			if !yield(rendertest.Person(i, "staff", "Title")) {
				return
			}
		}
	}}
	p.TheTotals.Summary.Update = page.MaxRows + 10
	var b bytes.Buffer
	if err := page.Write(&b, p, page.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := len(rows(t, b.String())); n != page.MaxRows {
		t.Error(n)
	}
	if want := "This page lists the first 200000 of 200010 changes and findings"; !strings.Contains(b.String(), want) {
		t.Error("nothing says so")
	}
	t.Logf("%d bytes", b.Len())
}
