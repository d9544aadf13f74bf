// Package providertest is the conformance suite for source directories: what a provider and the server behind it have to do,
// whether that server is the lab, Samba or Windows.
//
// [Source] creates an organizational unit of its own with objects of all sorts, asks the directory everything that dirform and
// its users ask one, changes what may be changed and provokes the usual refusals. What came back is a [Record]: one entry for
// each question, in a form in which two servers that behave alike give the same text. Identifiers and times are replaced by
// names, error texts by their codes. So a record made with a real domain controller is the expectation for all others, and
// two records can be compared entry by entry.
package providertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
)

// Server is a directory to examine, and how to get at it.
type Server struct {
	BaseDN   string
	BindDN   string // an account that may change everything below BaseDN
	Password string
	Reader   providers.SourceReader
	Writer   providers.SourceWriter
	// Dial connects over TLS, DialPlain without; neither binds.
	Dial, DialPlain func(t *testing.T) *ldap.Conn
	// StartTLS secures a plain connection.
	StartTLS func(c *ldap.Conn) error
}

// Entry is one question and what came back.
type Entry struct {
	Name string // group/question
	Text string // lines
}

// Record is all of it, in order.
type Record []Entry

// String is the record as a text file: "== name" before each entry's lines.
func (r Record) String() string {
	var b strings.Builder
	for _, e := range r {
		fmt.Fprintf(&b, "== %s\n%s", e.Name, e.Text)
	}
	return b.String()
}

// ParseRecord reads what String wrote.
func ParseRecord(text string) Record {
	var r Record
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			r = append(r, Entry{Name: strings.TrimSuffix(name, "\n")})
		} else if len(r) > 0 {
			r[len(r)-1].Text += line
		}
	}
	return r
}

// Source examines a source directory.
func Source(t *testing.T, s Server) Record {
	t.Helper()
	x := newExam(t, s)
	x.prepare()
	x.reads()
	x.objects()
	x.filters()
	x.scopes()
	x.selections()
	x.pages()
	x.ranges()
	x.rootDSE()
	x.binds()
	x.stamps()
	x.writes()
	x.swaps()
	x.moves()
	x.deletions()
	return x.record
}
