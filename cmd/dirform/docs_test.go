package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner"
)

var updateDocs = flag.Bool("update-docs", false, "write the real output into README.md and the examples")

// root is the folder of the repository.
const root = "../.."

// TestDocumentedCommands runs the commands in the console blocks of README.md and of every example, in a copy of the examples,
// and compares what they print with what the document says they print.
func TestDocumentedCommands(t *testing.T) {
	docs, err := filepath.Glob(filepath.Join(root, "examples", "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range append(docs, filepath.Join(root, "README.md")) {
		if isPipelines(filepath.Dir(doc)) {
			continue
		}
		t.Run(strings.TrimPrefix(doc, root+"/"), func(t *testing.T) {
			dir := t.TempDir()
			copyClean(t, filepath.Join(dir, "examples"), filepath.Join(root, "examples"))
			if doc != filepath.Join(root, "README.md") {
				dir = filepath.Join(dir, strings.TrimPrefix(filepath.Dir(doc), root))
			} else {
				dir = filepath.Join(dir, "examples", "quickstart")
			}
			checkDocument(t, doc, dir)
		})
	}
}

// isPipelines tells an example whose commands are jobs, which TestPipelines runs.
func isPipelines(example string) bool { return strings.HasPrefix(filepath.Base(example), "ci-") }

// copyClean copies a folder without what a person's own runs have left in it.
func copyClean(t *testing.T, to, from string) {
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.Name() == ".dirform":
			return filepath.SkipDir
		case strings.Contains(d.Name(), ".dfstate") || strings.HasSuffix(d.Name(), ".dfplan"):
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var afresh = regexp.MustCompile("`rm -rf ([^`]+)`")

// TestDocumentsStartAfresh: what README.md and every example but pipelines, which keep nothing here, say starts afresh
// leaves nothing of what was applied, in a directory or in the record.
func TestDocumentsStartAfresh(t *testing.T) {
	docs, _ := filepath.Glob(filepath.Join(root, "examples", "*", "README.md"))
	for _, doc := range append(docs, filepath.Join(root, "README.md")) {
		if isPipelines(filepath.Dir(doc)) {
			continue
		}
		src, err := os.ReadFile(doc)
		command := afresh.FindSubmatch(src)
		if err != nil || command == nil {
			t.Fatalf("%s does not say how to start afresh (%v)", doc, err)
		}
		at, work := t.TempDir(), ""
		copyClean(t, filepath.Join(at, "examples"), filepath.Join(root, "examples"))
		if work = filepath.Join(at, "examples", "quickstart"); filepath.Dir(doc) != root {
			at = filepath.Join(at, "examples", filepath.Base(filepath.Dir(doc)))
			work = at
		}
		first := runCommand(t, work, "dirform plan")
		runCommand(t, work, "dirform apply --auto-approve")
		if again := runCommand(t, work, "dirform plan"); again == first {
			t.Errorf("%s: apply changes nothing", doc)
		}
		for _, name := range strings.Fields(string(command[1])) {
			if err := os.RemoveAll(filepath.Join(at, name)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(masked(first), masked(runCommand(t, work, "dirform plan"))); diff != "" {
			t.Errorf("%s: %s does not start afresh (-first +then):\n%s", doc, command[0], diff)
		}
	}
}

// TestDocumentedPipeline: README.md's commands for CI all end with 0 where nothing is wrong, so that a shell that stops at errors gets
// to the last.
func TestDocumentedPipeline(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(src), "## In CI\n\n```sh\n")
	block, _, _ = strings.Cut(block, "```")
	dir, ran := t.TempDir(), 0
	copyClean(t, dir, filepath.Join(root, "examples", "quickstart"))
	for line := range strings.Lines(block) {
		command, _, _ := strings.Cut(line, "#")
		if !strings.HasPrefix(command, "dirform") {
			continue
		}
		ran++
		if out := runCommand(t, dir, strings.TrimSpace(command)); strings.Contains(out, "(exit status") {
			t.Errorf("%s\n%s", command, out)
		}
	}
	if ran < 3 {
		t.Errorf("%d commands", ran)
	}
}

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

func checkDocument(t *testing.T, doc, dir string) {
	src, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	real := consoleBlock.ReplaceAllStringFunc(string(src), func(block string) string {
		body := consoleBlock.FindStringSubmatch(block)[1]
		var out strings.Builder
		for _, part := range strings.SplitAfter("\n"+body, "\n$ ")[1:] {
			command, _, _ := strings.Cut(part, "\n")
			ran++
			fmt.Fprintf(&out, "$ %s\n%s", command, runCommand(t, dir, command))
		}
		return "```console\n" + out.String() + "```"
	})
	if ran == 0 {
		t.Fatal("the document runs no command")
	}
	if *updateDocs {
		if err := os.WriteFile(doc, []byte(real), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(masked(string(src)), masked(real)); diff != "" && !*updateDocs {
		t.Errorf("%s does not say what its commands print (-document +real); go test ./cmd/dirform -run Documented -update-docs writes it:\n%s", doc, diff)
	}
}

// runCommand runs one documented command in dir and returns what it prints, with its exit status if that isn't 0.
func runCommand(t *testing.T, dir, command string) string {
	args := splitShell(t, command)
	if len(args) == 0 || args[0] != "dirform" {
		t.Fatalf("the document runs %q; only dirform's own commands can be checked", command)
	}
	var out bytes.Buffer
	code := Main(cli.Environment{Args: args[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, Now: time.Now,
		Environ: []string{"DIRFORM_RUN_URL=jane@admin1", "DIRFORM_LAB_RECORD=" + os.Getenv("DIRFORM_LAB_RECORD")}})
	text := out.String()
	if code != 0 {
		text += fmt.Sprintf("(exit status %d)\n", code)
	}
	return text
}

// splitShell splits a command as a shell does, for plain words and quotes.
func splitShell(t *testing.T, command string) (args []string) {
	var arg strings.Builder
	quote, open := rune(0), false
	for _, r := range command {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote == 0 && r == ' ':
			if open {
				args = append(args, arg.String())
			}
			arg.Reset()
			open = false
		default:
			arg.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		t.Fatalf("unclosed quote in %q", command)
	}
	if open {
		args = append(args, arg.String())
	}
	return args
}

var (
	anID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aTime  = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ`)
	aTook  = regexp.MustCompile(`(applied|partial) in \S+`)
	aSpan  = regexp.MustCompile(`\b\d+\.\d{3}s\b`)
	aStamp = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
)

// masked hides what is different in every run.
func masked(s string) string {
	s = anID.ReplaceAllString(s, "<id>")
	s = aTime.ReplaceAllString(s, "<time>")
	s = aTook.ReplaceAllString(s, "$1 in <time>")
	s = aSpan.ReplaceAllString(s, "<span>")
	return aStamp.ReplaceAllString(s, "<digest>")
}

// TestExamples plans every example and compares the plan, as text and as JSON, with its golden files; then it applies it, after
// which nothing may be left to do.
func TestExamples(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range folders {
		example := filepath.Dir(f)
		if seen[example] || isPipelines(example) {
			continue
		}
		seen[example] = true
		t.Run(filepath.Base(example), func(t *testing.T) { checkExample(t, example) })
	}
	if len(seen) == 0 {
		t.Fatal("no example was found")
	}
}

func checkExample(t *testing.T, example string) {
	dir := t.TempDir()
	copyClean(t, dir, example)
	for golden, args := range map[string]string{"plan.txt": "plan", "plan.json": "plan --json", "plan.md": "plan --markdown -",
		"plan.csv": "plan --csv -", "plan.html": "plan --html -"} {
		got := masked(unpacked(t, runCommand(t, dir, "dirform "+args)))
		path := filepath.Join(example, "golden", golden)
		if *updateDocs {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-golden +real):\n%s", path, diff)
		}
	}
	if out := runCommand(t, dir, "dirform apply --auto-approve"); !strings.Contains(out, "Apply complete") {
		t.Fatalf("apply did not complete:\n%s", out)
	}
	if out := runCommand(t, dir, "dirform plan --detailed-exitcode"); strings.Contains(out, "(exit status") {
		t.Errorf("a second plan has changes:\n%s", out)
	}
}

// unpacked is a page of a plan without its style and its script, and with its rows one a line instead of compressed; anything else stays as it is.
func unpacked(t *testing.T, page string) string {
	head, rest, ok := strings.Cut(page, `<script type="text/plain" id="rows">`)
	data, _, ok2 := strings.Cut(rest, "</script>")
	if !ok || !ok2 {
		return page
	}
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	before, style, _ := strings.Cut(head, "<style>")
	_, after, _ := strings.Cut(style, "</style>")
	before = aSum.ReplaceAllString(before, "<sum>")
	return before + after + strings.ReplaceAll(string(rows), "},{", "},\n{") + "\n"
}

// aSum is what the page's policy allows a text by.
var aSum = regexp.MustCompile(`sha256-[A-Za-z0-9+/=&#;]+&#39;`)

// headlines are the findings that README.md tells of: the conflicts that every tenant has, and what protects it.
var headlines = []string{"DF101", "DF202", "DF203", "DF204", "DF206", "DF207", "DF208", "DF302", "DF401", "DF402"}

// TestFindingsInREADME keeps README.md's few findings the same as the code's.
func TestFindingsInREADME(t *testing.T) {
	path := filepath.Join(root, "README.md")
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| code | severity | what | cause | cure |\n|---|---|---|---|---|\n")
	cell := strings.NewReplacer("|", "\\|").Replace
	for _, code := range headlines {
		i := slices.IndexFunc(planner.Codes, func(c planner.Code) bool { return c.Code == code })
		if i < 0 {
			t.Fatalf("%s is no code", code)
		}
		c := planner.Codes[i]
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", c.Code, c.Severity, cell(c.Summary), cell(c.Cause), cell(c.Cure))
	}
	before, rest, ok := strings.Cut(string(src), "<!-- findings -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- /findings -->")
	if !ok || !ok2 {
		t.Fatal("README.md has no table of findings between its marks")
	}
	want := before + "<!-- findings -->\n" + table.String() + "<!-- /findings -->" + after
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(src)); diff != "" {
		t.Errorf("README.md's findings are not the code's (-code +README); -update-docs writes them:\n%s", diff)
	}
}

// TestCommandsInREADME: what README.md's table of commands names are commands and their options, and it names every
// command. Behind one that has commands of its own, such as "state list", the row names its others.
func TestCommandsInREADME(t *testing.T) {
	src, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(src), "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	all := map[string]*cobra.Command{}
	visitCommands(io.Discard, func(cmd *cobra.Command) { all[strings.TrimPrefix(cmd.CommandPath(), "dirform ")] = cmd })
	named, options := map[string]bool{}, 0
	for line := range strings.Lines(table) {
		first, rest, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !strings.HasPrefix(line, "| `") || !ok {
			continue
		}
		var row []*cobra.Command
		parent := ""
		for _, m := range regexp.MustCompile("`([a-z -]+)[^`]*`").FindAllStringSubmatch(first, -1) {
			name := strings.TrimSpace(m[1])
			if all[parent+name] == nil {
				t.Errorf("README.md names the command %q, which there is none of", parent+name)
				continue
			}
			row = append(row, all[parent+name])
			above, _, several := strings.Cut(parent+name, " ")
			if named[above] = true; several {
				parent = above + " "
			}
		}
		for _, option := range regexp.MustCompile("--[a-z-]+").FindAllString(rest, -1) {
			options++
			if !slices.ContainsFunc(row, func(cmd *cobra.Command) bool { return cmd.Flags().Lookup(option[2:]) != nil }) {
				t.Errorf("README.md names the option %s in %s", option, line)
			}
		}
	}
	for name, cmd := range all {
		if !cmd.Hidden && cmd.HasParent() && !strings.Contains(name, " ") && !named[name] {
			t.Errorf("README.md's table lacks the command %s", name)
		}
	}
	if len(named) < 10 || options < 10 {
		t.Errorf("only %d commands and %d options were found", len(named), options)
	}
}

// TestEveryPromiseIsAttacked: each promise in README has a test of its name that tries to break it.
func TestEveryPromiseIsAttacked(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(src), "\n## What you can rely on\n")
	section, _, _ = strings.Cut(section, "\n## ")
	tests := map[string]bool{}
	for _, p := range listPackages(t) {
		for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if name, ok := strings.CutPrefix(line, "func Test"); ok {
					name, _, _ = strings.Cut(name, "(")
					tests[strings.ToLower(name)] = true
				}
			}
		}
	}
	promises := 0
	for line := range strings.Lines(section) {
		_, promise, ok := strings.Cut(line, ". **")
		if !ok {
			continue
		}
		promises++
		promise, _, _ = strings.Cut(promise, ".**")
		if !tests[strings.ToLower(strings.ReplaceAll(promise, " ", ""))] {
			t.Errorf("no test is named after the promise %q", promise)
		}
	}
	if promises < 6 {
		t.Errorf("README has %d promises", promises)
	}
}
