package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/apply/telling"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
)

// applying prints what apply does.
type applying struct {
	*cli.Progress
	a      *cli.App
	told   *telling.Teller
	asJSON bool
	silent bool // nobody is named: what becomes of each change is not told
	total  int
	start  time.Time
	mu     sync.Mutex
	n      int
}

func applyProgress(a *cli.App, total int, asJSON, silent bool) *applying {
	p := &applying{a: a, told: telling.New(total), asJSON: asJSON, silent: silent, total: total, start: time.Now()}
	p.Progress = a.StartProgress(p.line)
	return p
}

func (p *applying) line() string {
	p.mu.Lock()
	n := p.n
	p.mu.Unlock()
	elapsed := time.Since(p.start)
	line := fmt.Sprintf("Applying: %d of %d changes", n, p.total)
	if n > 0 && n < p.total {
		left := time.Duration(float64(elapsed) / float64(n) * float64(p.total-n)).Round(time.Second)
		line += fmt.Sprintf(", %.1f a second, %s left", float64(n)/max(elapsed.Seconds(), 0.001), left)
	}
	return line
}

// eventDocument is an event in JSON.
type eventDocument struct {
	Type      string       `json:"type"` // "change"
	Status    string       `json:"status"`
	Address   string       `json:"address"`
	Kind      state.Kind   `json:"kind"`
	Action    state.Action `json:"action"`
	Attribute string       `json:"attribute,omitempty"`
	TargetID  string       `json:"target_id,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	Hint      string       `json:"hint,omitempty"`
}

func (p *applying) event(e apply.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Attribute == "" && e.Status != apply.StatusWarning {
		p.n++
	}
	if p.silent {
		return
	}
	if p.asJSON {
		d := eventDocument{"change", string(e.Status), e.Address, e.Kind, e.Action, e.Attribute, e.TargetID, e.Reason, e.Hint}
		_ = cli.WriteJSONLine(p.a.Env.Stdout, d) // finish asks what was lost
		return
	}
	if line := p.told.Line(e); line != "" {
		line = render.Plain(line) // addresses and names may come from a plan file that somebody has edited
		if e.Hint != "" {
			line += "\n  " + render.Plain(e.Hint)
		}
		p.Say(line)
	}
}

// End ends the drawing, and tells what was not told of one by one.
func (p *applying) End() {
	p.Progress.End()
	for _, line := range p.told.Rest() {
		p.a.Notef("%s\n", render.Plain(line))
	}
}

// doneLine is what an apply has done, or why it ended early.
func doneLine(x *run.Result, runErr error) string {
	if x.Complete() && runErr == nil {
		return "Apply complete: " + cli.Count(x.Applied, "change") + "."
	}
	return telling.Part(x.Outcome, x.Changes)
}

// report tells how an apply went; runErr is what ended it early. What does not get out is told on standard error.
func (r *applyRun) report(x *run.Result, runErr error) {
	format, sum := "\n%s\n", doneLine(x, runErr)
	if x.Changes == 0 && runErr == nil {
		format, sum = "%s\n", "The plan holds no changes."
	}
	if r.asJSON {
		_ = cli.WriteJSONLine(r.a.Env.Stdout, map[string]any{"type": "summary", "applied": x.Applied, "failed": x.Failed,
			"skipped": x.Skipped, "unknown": x.Unknown, "references_failed": x.References, "warnings": x.Warnings,
			"recorded": x.Recorded, "beyond": x.Beyond, "in_place": x.InPlace, "writes": x.Writes, "interrupted": x.Interrupted,
			"complete": x.Complete() && x.Undone == 0 && runErr == nil, "undone": x.Undone})
	} else if !r.reports.Alone() && (x.Changes > 0 || runErr != nil || r.file != "") {
		r.a.Printf(format, sum)
	}
	if r.a.Lost() != nil {
		r.a.Notef(format, sum)
	}
	if r.asJSON {
		return
	}
	if x.OtherRules {
		r.a.Notef("The configuration has changed since the plan was made. Today's rules were followed.\n")
	}
	switch {
	case x.OlderBy > 0:
		r.a.Notef("The plan was made at another serial of the state, which has been written since.\n")
	case x.OlderBy < 0:
		r.a.Notef("The plan was made at a later serial of the state: this is an older copy of it.\n")
	}
	if x.Undone > 0 {
		r.a.Notef("Of the plan, %s stayed undone, or turned off sign-in alone: `dirform plan` has what is left.\n",
			cli.Count(x.Undone, "change"))
	}
	if x.Beyond > 0 {
		left := "they were"
		if x.Beyond == 1 {
			left = "it was"
		}
		r.a.Notef("Today's plan has %s that the reviewed one does not have; %s left alone.\n", cli.Count(x.Beyond, "change"), left)
	}
}
