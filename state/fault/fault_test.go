package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/dirform/dirform/state/fault"
)

// lockedError stands for a typed error whose text is not that of its fault.
type lockedError struct{ path string }

func (e *lockedError) Error() string { return e.path + " is locked" }

func (e *lockedError) Fault() *fault.Error {
	return &fault.Error{Summary: "the state is locked", Detail: e.path + " is in use.", Hint: "Wait."}
}

func TestDescribe(t *testing.T) {
	leaf := &fault.Error{Summary: "wrong account name or password", Hint: "Check bind_dn.", Err: errors.New("result 49")}
	for _, c := range []struct {
		name string
		err  error
		want fault.Description
	}{
		{"nothing", nil, fault.Description{}},
		{"no fault", errors.New("disk full"), fault.Description{Summary: "Disk full"}},
		{"no fault, joined with nothing", errors.Join(errors.New("disk full"), nil), fault.Description{Summary: "Disk full"}},
		{"a fault", leaf, fault.Description{Summary: "Wrong account name or password", Detail: "Result 49.", Hint: "Check bind_dn."}},
		{"a fault with a detail", &fault.Error{Summary: "Cannot read it", Detail: "There is no such file.", Err: io.EOF},
			fault.Description{Summary: "Cannot read it", Detail: "There is no such file."}},
		{"wrapped", fmt.Errorf("dc1.example: logging on: %w", leaf), fault.Description{Summary: "Wrong account name or password",
			Detail: "dc1.example: logging on: wrong account name or password: result 49.", Hint: "Check bind_dn."}},
		{"under another, which has no hint", &fault.Error{Summary: "the directory cannot be opened", Err: fmt.Errorf("logging on: %w", leaf)},
			fault.Description{Summary: "The directory cannot be opened", Detail: "Logging on: wrong account name or password: result 49.", Hint: "Check bind_dn."}},
		{"under another, which has one", &fault.Error{Summary: "no", Hint: "Ask.", Err: leaf},
			fault.Description{Summary: "No", Detail: "Wrong account name or password: result 49.", Hint: "Ask."}},
		{"advice", fault.Advise(errors.New("the state is gone"), "Restore it."), fault.Description{Summary: "The state is gone", Hint: "Restore it."}},
		{"advice about a fault", fault.Advise(leaf, "Ask."), fault.Description{Summary: "Wrong account name or password",
			Detail: "Result 49.", Hint: "Ask."}},
		{"typed", &lockedError{"a.dfstate"}, fault.Description{Summary: "The state is locked", Detail: "a.dfstate is in use.", Hint: "Wait."}},
		{"typed, wrapped", fmt.Errorf("removing links: %w", &lockedError{"a.dfstate"}),
			fault.Description{Summary: "The state is locked", Detail: "Removing links: a.dfstate is locked.", Hint: "Wait."}},
		{"two causes", fmt.Errorf("it is gone: %w: %w", io.EOF, leaf), fault.Description{Summary: "Wrong account name or password",
			Detail: "It is gone: EOF: wrong account name or password: result 49.", Hint: "Check bind_dn."}},
		{"first word is a setting", &fault.Error{Summary: "ca_file is empty", Err: errors.New("main.hcl:3: provider \"ad\"")},
			fault.Description{Summary: "ca_file is empty", Detail: "main.hcl:3: provider \"ad\"."}},
		{"detail as it stands", &fault.Error{Summary: "too few arguments", Detail: "usage: dirform version"},
			fault.Description{Summary: "Too few arguments", Detail: "usage: dirform version"}},
		{"first word ends with a colon", &fault.Error{Summary: "kerberos: no ticket"}, fault.Description{Summary: "Kerberos: no ticket"}},
		{"first letter is no ASCII", errors.New("äpfel"), fault.Description{Summary: "Äpfel"}},
	} {
		if got := fault.Describe(c.err); got != c.want {
			t.Errorf("%s:\n got %#v\nwant %#v", c.name, got, c.want)
		}
	}
}

func TestErrorKeepsItsCause(t *testing.T) {
	err := fmt.Errorf("reading: %w", &fault.Error{Summary: "cannot go on", Err: io.EOF})
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "reading: cannot go on: EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
