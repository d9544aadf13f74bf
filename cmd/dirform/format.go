package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// formatting is one run of fmt.
type formatting struct {
	a                      *cli.App
	check, diff, recursive bool
}

func newFmtCommand(a *cli.App) *cobra.Command {
	f := formatting{a: a}
	cmd := &cobra.Command{
		Use:   "fmt [FILE | DIR]...",
		Short: "Bring configuration files into the usual form",
		Long: `Fmt rewrites *.hcl files in the usual form (indentation, aligned equal signs) and lists those it has changed. Without arguments
it takes all of the current folder; "-" takes stdin and writes to stdout. A folder's own folders are left alone without
--recursive, and with it those whose names begin with a dot.`,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing; list what would change and exit with status 1")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print what changes, too")
	cmd.Flags().BoolVar(&f.recursive, "recursive", false, "take the folders below, too")
	return cli.ExitStatus(cmd, "0  done; with --check: all files have the usual form", "1  error; with --check: some file does not have it")
}

func (f *formatting) run(args []string) error {
	a := f.a
	if len(args) == 1 && args[0] == "-" {
		return f.stdin()
	}
	names, err := f.files(args)
	if err != nil {
		return err
	}
	failed := false
	for _, name := range names {
		src, err := bounds.ReadFile(a.Path(name), bounds.ConfigFile)
		if err != nil {
			return err
		}
		if err := config.Foreign(a.Path(name), src); err != nil {
			return err
		}
		out, ok := formatted(a, name, src)
		switch {
		case !ok:
			failed = true
		case bytes.Equal(src, out):
		default:
			a.Printf("%s\n", name)
			f.print(name, src, out)
			failed = failed || f.check
			if f.check {
				continue
			}
			if err := rewrite(a.Path(name), out); err != nil {
				return err
			}
		}
	}
	if failed {
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return nil
}

// print prints how a file differs from the usual form, if that is asked for.
func (f *formatting) print(name string, src, out []byte) {
	if f.diff {
		f.a.Env.Stdout.Write(diff.Diff(name+" (old)", src, name+" (new)", out))
	}
}

// files are the named files, and the *.hcl files of the named folders; of the configuration's if nothing is named.
func (f *formatting) files(args []string) (names []string, err error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		info, err := os.Stat(f.a.Path(arg))
		if err != nil {
			return nil, &fault.Error{Summary: fmt.Sprintf("Cannot format %s", arg), Detail: "There is no such file or folder.", Err: err}
		}
		if !info.IsDir() {
			names = append(names, arg)
			continue
		}
		err = filepath.WalkDir(f.a.Path(arg), func(path string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(f.a.Path(arg), path)
			switch {
			case err != nil || !d.IsDir():
				return err
			case rel != "." && (!f.recursive || strings.HasPrefix(d.Name(), ".")):
				return filepath.SkipDir
			}
			inside, err := declared.Files(path)
			for _, name := range inside {
				names = append(names, filepath.Join(arg, rel, name))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (f *formatting) stdin() error {
	src, err := io.ReadAll(io.LimitReader(f.a.Env.Stdin, bounds.ConfigFile+1))
	if err == nil && len(src) > bounds.ConfigFile {
		err = &bounds.TooLargeError{Path: "stdin", Limit: bounds.ConfigFile}
	}
	if err != nil {
		return err
	}
	out, ok := formatted(f.a, "stdin", src)
	if ok {
		f.print("stdin", src, out)
	}
	switch {
	case !ok || f.check && !bytes.Equal(src, out):
		return &cli.ExitError{Code: cli.ExitFailure}
	case f.check || f.diff:
		return nil
	}
	_, err = f.a.FileOut().Write(out)
	return err
}

// formatted is src in the usual form. What cannot be parsed is left alone: the formatter would guess.
func formatted(a *cli.App, name string, src []byte) (out []byte, ok bool) {
	file, diags := config.Parse(src, name)
	if diags.HasErrors() {
		a.Diagnostics(map[string]*hcl.File{name: file}, config.SyntaxError(src, diags))
		return nil, false
	}
	return config.Format(src), true
}

// rewrite replaces a file's content in one step, so that an interruption leaves the old or the new one.
func rewrite(path string, content []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o200 == 0 {
		return &fault.Error{Summary: "Cannot format " + path, Detail: "It is read-only.", Hint: "Make it writable first, if it is yours to change."}
	}
	return atomicfile.Write(path, content, info.Mode().Perm())
}
