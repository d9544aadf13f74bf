// Package bounds has the limits of everything that dirform reads: files, replies, and what is written in them. A limit is
// far above what is met in practice, and an input beyond it is an error that names it, rather than a machine without
// memory.
package bounds

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Wide reports whether a text that begins with these bytes is in UTF-16, which Windows PowerShell writes and nobody here
// reads as anything but noise: by its byte order mark, or by a zero byte in one of its first two characters, which no
// text in UTF-8 has.
func Wide(begin []byte) bool {
	if len(begin) < 2 {
		return false
	}
	mark := string(begin[:2])
	return mark == "\xff\xfe" || mark == "\xfe\xff" || (begin[0] == 0) != (begin[1] == 0)
}

// Narrow says what to do with a text that is [Wide].
const Narrow = "Save it in UTF-8: the editor asks for the encoding under Save As, and in Windows " +
	"PowerShell > writes UTF-16 where Out-File -Encoding utf8 does not."

// What a person writes.
const (
	ConfigFile = 1 << 20  // bytes of one *.hcl file, or of a file of variables
	Config     = 8 << 20  // bytes of all files of a configuration
	Nesting    = 100      // brackets, quotes and blocks inside each other
	Operations = 1000     // operators, indexes and interpolations in one expression
	Value      = 1 << 20  // bytes of a value that is computed
	Loops      = 2        // "for" expressions inside each other
	Looped     = 1000     // elements that a "for" expression goes through, where it holds another or is in one
	Filter     = 64 << 10 // bytes of an LDAP filter
	Credential = 1 << 20  // bytes of a file of certificates or keys
)

// What servers send.
const (
	Page       = 64 << 20        // bytes of a reply of Microsoft Graph, unpacked, or of a domain controller's but a list
	Entry      = 32 << 20        // bytes of one message of a domain controller
	RetryAfter = 5 * time.Minute // that a server may ask to wait
	// GraphSilence and LDAPSilence are without a byte. A domain controller may take 120 seconds for a search.
	GraphSilence, LDAPSilence = 2 * time.Minute, 130 * time.Second

	PageTime   = 15 * time.Minute // from the request to the end of a reply or page, however busy the connection is
	SearchTime = 4 * time.Hour    // one search of a domain controller, with all its pages
	Objects    = 10_000_000       // objects of one read of a domain controller, or values of one attribute
)

// What an object store, or a file, holds of a record.
const (
	Record       = 4 << 30  // bytes of the whole record, packed or unpacked, in an object store or on standard input
	RecordValue  = 64 << 20 // bytes of one value in a file
	JournalEntry = 64 << 20 // bytes of an entry of its journal, packed or unpacked
	LockObject   = 64 << 10 // bytes of its lock
	// StoreSilence is without a byte.
	StoreSilence = time.Minute
)

// Limit is a limit as `dirform help limits` shows it.
type Limit struct{ Of, Is, Then string }

// All are the limits, in the order in which a reader wants them.
func All() []Limit {
	size := func(n int) string {
		if n >= 1<<30 {
			return fmt.Sprintf("%d GiB", n>>30)
		}
		if n >= 1<<20 {
			return fmt.Sprintf("%d MiB", n>>20)
		}
		return fmt.Sprintf("%d KiB", n>>10)
	}
	const wrong = "the configuration is refused, with the line"
	return []Limit{
		{"one *.hcl file, or file of variables", size(ConfigFile), "it is not read"},
		{"all *.hcl files of a folder", size(Config), "the configuration is not read"},
		{"brackets, quotes and blocks inside each other", fmt.Sprint(Nesting), wrong},
		{"operators, indexes and ${…} in one expression", fmt.Sprint(Operations), wrong},
		{"a computed value", size(Value), wrong},
		{"for expressions inside each other", fmt.Sprint(Loops), wrong},
		{"elements of each of these, where there are two", fmt.Sprint(Looped), wrong},
		{"an LDAP filter", size(Filter), wrong},
		{"parentheses of a filter inside each other", fmt.Sprint(Nesting), wrong},
		{"a file of certificates or keys", size(Credential), "it is not read"},
		{"one reply of Microsoft Graph, unpacked", size(Page), "the read ends with an error, and nothing is planned"},
		{"one message of a domain controller", size(Entry), "as above"},
		{"a domain controller's reply that is no list", size(Page), "as above"},
		{"a domain controller's objects of one read", fmt.Sprint(Objects), "as above; a page may have 2000"},
		{"the time that one reply or page may take", PageTime.String(), "as above"},
		{"a silence of a domain controller", LDAPSilence.String(), "as above"},
		{"a silence of Microsoft Graph", GraphSilence.String(), "the request is repeated, and in the end as above"},
		{"the time that one search may take", SearchTime.String(), "as above"},
		{"a record in an object store, packed or unpacked", size(Record), "it is not read"},
		{"a state on standard input", size(Record), "as above"},
		{"one value in a state file", size(RecordValue), "as above"},
		{"one entry of the journal in an object store", size(JournalEntry), "as above"},
		{"a silence of an object store", StoreSilence.String(), "the request is repeated, and in the end as above"},
		{"the wait that a server may ask for", RetryAfter.String(), "an error at once, which says how long"},
	}
}

// ErrNotAFile says that a name leads to something that is no file, such as a pipe, which might never end.
var ErrNotAFile = errors.New("it is not a regular file")

// TooLargeError says that a file is larger than its limit.
type TooLargeError struct {
	Path  string
	Limit int // bytes
}

// Error names the file and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %d bytes, the limit for such a file (dirform help limits)", e.Path, e.Limit)
}

// ReadFile reads a regular file of at most limit bytes, through links. Anything else is an *fs.PathError with
// [ErrNotAFile], or a [TooLargeError].
func ReadFile(path string, limit int) ([]byte, error) {
	info, err := os.Stat(path) // before it is opened: opening a pipe waits for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: path, Err: ErrNotAFile}
	}
	return ReadStream(path, limit)
}

// ReadStream is ReadFile that reads pipes too, as the shell's <(…) makes them.
func ReadStream(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = &TooLargeError{Path: path, Limit: limit}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}
