package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// exists reports whether there is a file at path that may be a record. What cannot be looked at is an error, and so
// is what shows that there was a record: neither is taken for none.
func exists(path string) (bool, error) {
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, missing(path)
	case err != nil:
		return false, &fault.Error{Summary: fmt.Sprintf("the state %s cannot be looked at", path), Err: err}
	case !fi.Mode().IsRegular():
		return false, &fault.Error{Summary: "this is not a dirform state", Detail: path + " exists and is not a regular file.",
			Hint: "Name another file in state \"file\" { path }."}
	case fi.Size() == 0:
		return false, damaged(path, "it is empty, which dirform never leaves behind")
	}
	return true, nil
}

// keepPrivate takes from others what a copy, or whoever made the file, has let them do with it. Whoever does not own the file
// leaves it as it is: its owner may have shared it on purpose. So is a file that is no record: its name may be a mistake.
func keepPrivate(path string) {
	if headerOf(path) != ourHeader {
		return
	}
	if fi, err := os.Stat(path); err == nil && fi.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(path, fi.Mode().Perm()&0o700)
	}
}

// header is what the first bytes of a file say (https://www.sqlite.org/fileformat.html).
type header int

const (
	otherHeader  header = iota // no SQLite file, or that of another application
	ourHeader                  // a record
	nobodyHeader               // a SQLite file with no mark of an application, of one page or of none: what a cut off creation leaves
)

// magic begins every SQLite file.
const magic = "SQLite format 3\x00"

// Output is a record's file as something that a command writes. Whose record it is [Store.Replace]'s caller judges.
var Output = outfile.Kind{Cannot: "Cannot write the state to", No: "is no state", Example: "backup.dfstate", Record: true,
	Own: func(begin []byte) bool { return strings.HasPrefix(string(begin), magic) }}

func headerOf(path string) header {
	fi, err := os.Stat(path)
	if err != nil || !fi.Mode().IsRegular() { // opening a pipe waits for a writer
		return otherHeader
	}
	f, err := os.Open(path)
	if err != nil {
		return otherHeader
	}
	defer f.Close()
	var b [100]byte
	n, err := io.ReadFull(f, b[:])
	if err != nil && n > 0 || n > 0 && string(b[:16]) != magic {
		return otherHeader
	}
	switch app := binary.BigEndian.Uint32(b[68:]); {
	case app == layout.ApplicationID:
		return ourHeader
	case app == 0 && fi.Size() <= newPage:
		return nobodyHeader
	}
	return otherHeader
}

// missing tells what shows that the record was there, or should be; nil if nothing does.
func missing(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return &fault.Error{Summary: "the state is not where its link points to",
			Detail: path + " is a symbolic link, and nothing is there.",
			Hint:   "Make the place it points to available again, or remove the link."}
	}
	if fileSize(path+"-wal") > 0 {
		return damaged(path, "the file is not there, but its log "+path+"-wal is, which belongs to it")
	}
	return nil
}

// fileSize is the size of the file at path; 0 also if there is none.
func fileSize(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// writable reports whether path and its folder take writes, which SQLite's write-ahead log needs even for reading.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	f.Close()
	t, err := os.CreateTemp(filepath.Dir(path), ".dirform-*")
	if err != nil {
		return false
	}
	t.Close()
	os.Remove(t.Name())
	return true
}

// busyTimeout is how long a statement waits for another process that uses the file.
const busyTimeout = 10 * time.Second

// dataSource is the driver's name for the file. In a folder that cannot be written and without a log beside it, the
// file cannot change and is read as it is.
func dataSource(path, mode string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	q["_pragma"] = []string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "cache_size(-65536)",
		"trusted_schema(0)", "cell_size_check(1)"}
	if mode == "ro" {
		if fileSize(path+"-wal") == 0 {
			q.Set("immutable", "1")
		}
	} else {
		q["_pragma"] = append(q["_pragma"], "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/state becomes file:///C:/state
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: q.Encode()}).String()
}

// Up to which size, in bytes, every page of a file is looked at when it is opened, which takes some 4 ms per MB and is a
// tenth of a plan of 100,000 accounts. What is larger is looked at where it is read: a plan reads every link.
const (
	checkedToRead  = 4 << 20
	checkedToWrite = 64 << 20
)

// checkPages refuses a file, unless it is larger than limit, whose pages are not as SQLite writes them.
func (s *Store) checkPages(ctx context.Context, limit int64) error {
	if fileSize(s.path) > limit && !s.whole {
		return nil
	}
	var found string
	if err := s.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return explain(s.name, err)
	}
	if found != "ok" {
		return damaged(s.name, strings.Join(strings.Fields(found), " "))
	}
	return nil
}
