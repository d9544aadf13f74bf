package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/fault"
)

// question is what a person is asked before something is done that was not reviewed.
type question struct {
	text    string
	alone   string // what is done where nobody answers and nothing real can come to harm
	unasked string // a sentence: why nothing is done where nobody answers
	hint    string // what to do then
	no      string // the summary where the answer is another
}

// consent asks; nil is a yes.
func consent(a *cli.App, cfg *config.Config, q *question) error {
	if !a.Asks() {
		return &fault.Error{Summary: "Nobody may be asked", Detail: "--input=false leaves no question: \"" + q.text + "\"", Hint: q.hint}
	}
	a.Printf("\n%s Only \"yes\" is accepted: ", q.text)
	if err := a.Lost(); err != nil {
		return err // nobody has read the question
	}
	in := bufio.NewReader(a.Env.Stdin)
	line, err := readLine(a, in)
	if err == nil && nearlyYes(line) {
		a.Printf("Type the whole word in small letters, \"yes\", to say so: ")
		if line, err = readLine(a, in); strings.TrimSpace(line) == "" {
			line = "nothing"
		}
	}
	fmt.Fprintln(a.Env.Stdout)
	switch answer := strings.TrimSpace(line); {
	case answer == "yes":
		return nil
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case a.Env.Terminal.In: // Ctrl-D is an answer, too
	case errors.Is(err, io.EOF) && answer == "" && embedded(cfg):
		a.Notef("Nobody is there to answer. Both directories are embedded labs, so %s.\n", q.alone)
		return nil
	case errors.Is(err, io.EOF) && answer == "":
		return &fault.Error{Summary: "Nobody is there to answer", Detail: q.unasked, Hint: q.hint}
	}
	return &fault.Error{Summary: q.no, Detail: "The answer was not \"yes\". Nothing was changed."}
}

// nearlyYes reports whether somebody who means yes may have typed line.
func nearlyYes(line string) bool {
	answer := strings.TrimSpace(line)
	return answer != "yes" && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"))
}

// readLine reads a line of standard input. A signal ends the wait, though not the reading, which nothing can.
func readLine(a *cli.App, in *bufio.Reader) (line string, err error) {
	read := make(chan struct{})
	go func() {
		defer crash.Guard()
		defer close(read)
		line, err = in.ReadString('\n')
	}()
	select {
	case <-read:
		return line, err
	case <-a.Stop.Done():
		return "", cli.ErrInterrupted
	}
}

// embedded reports whether a configuration touches nothing but embedded labs.
func embedded(cfg *config.Config) bool {
	for _, p := range cfg.AD {
		if p.Lab == "" {
			return false
		}
	}
	return cfg.Entra.Lab != ""
}
