// Package outfile judges what a file that a command writes may take the place of, and writes it whole or not at all. Whatever option
// names a file to write, the judgement is this one: an earlier file of the same kind may be replaced, and nothing else that has content.
package outfile

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
)

// Kind is a kind of file that commands write.
type Kind struct {
	Cannot  string                  // begins what is said when it cannot be written, before the name: "cannot write plan file"
	No      string                  // says that a file is none: "is not a plan"
	Example string                  // a good name: "monday.dfplan"
	Own     func(begin []byte) bool // whether a file that begins with these bytes, [Begin] at most, is one
	Record  bool                    // it is a record of links, and may be named like one
}

// Begin is by how many bytes a file's kind is known, at most.
const Begin = 256

// May gives an error where a file of the kind must not be written to path, which people call name: where something else would be lost,
// or where the file would be taken for something else. "" is no file. What else stands in the way, such as a folder that is not there,
// the writing says.
func (k *Kind) May(path, name string) error {
	if name == "" {
		return nil
	}
	refused := &fault.Error{Summary: k.Cannot + " " + name, Hint: "Choose another name, such as " + k.Example + "."}
	real := path
	if to, err := filepath.EvalSymlinks(path); err == nil {
		real = to
	}
	for _, p := range []string{path, real} {
		switch base := filepath.Base(p); {
		case strings.HasSuffix(base, ".hcl"):
			refused.Detail = "A file of this name would be read as part of the configuration."
			return refused
		case strings.Contains(base, ".dfstate") && !k.Record:
			refused.Detail = "A file of this name would be taken for the state or for what belongs to it."
			return refused
		}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 { // an empty file is nothing that could be lost
		return nil
	}
	if f, err := os.Open(path); err == nil {
		defer f.Close()
		begin := make([]byte, Begin)
		if n, _ := io.ReadFull(f, begin); k.Own(begin[:n]) {
			return nil
		}
	}
	refused.Detail = fmt.Sprintf("There is a file of this name that %s, and it would be lost.", k.No)
	return refused
}

// Write writes what write has to say into the file path, in place of an earlier one of the kind once it is complete; see [Kind.May].
// "" is no file, and write is not called. Only its owner may read it: what dirform writes has names and addresses of people.
func (k *Kind) Write(path, name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	if err := k.May(path, name); err != nil {
		return err
	}
	if err := whole(path, write); err != nil {
		return &fault.Error{Summary: k.Cannot + " " + name, Detail: err.Error() + ".", Err: err,
			Hint: "Name a file in a folder that exists and may be written to."}
	}
	return nil
}

func whole(path string, write func(io.Writer) error) error {
	file, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer file.Discard()
	w := bufio.NewWriterSize(file, 64<<10)
	for _, step := range []func() error{func() error { return write(w) }, w.Flush, file.Commit} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
