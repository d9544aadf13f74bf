package cli

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/fault"
)

// reportTo is where faults of dirform are reported.
const reportTo = "https://github.com/dirform/dirform/issues"

// watchCrashes has a panic of any goroutine reported, and the process ended with status 1. What the process held, as the
// lock of the record, is free with its end; what was written stands in the record. The returned function ends the watch.
func (a *App) watchCrashes() (done func()) {
	if a.Env.Exit == nil {
		return func() {}
	}
	before := crash.Handle(func(value any, stack []byte) {
		a.Env.Exit(a.crashed(value, stack))
	})
	return func() { crash.Handle(before) }
}

// crashed reports a panic and gives the exit status. Stacks name functions and lines, and no values of people.
func (a *App) crashed(value any, stack []byte) int {
	a.printError(&fault.Error{
		Summary: "Crash in dirform",
		Detail:  fmt.Sprint(value) + ".",
		Hint: "This is a fault of dirform. What was written until now stands in the record: \"dirform plan\" shows what is left to do. " +
			"Please report it at " + reportTo + " with the lines that follow; look them through first.",
	})
	if a.lines != nil {
		a.lines.Log(slog.LevelError, "Where it was", "version", Version, "platform", runtime.GOOS+"/"+runtime.GOARCH, "go", runtime.Version(), "stack", string(stack))
		return ExitFailure
	}
	a.Notef("\ndirform %s, %s/%s, %s\n%s", Version, runtime.GOOS, runtime.GOARCH, runtime.Version(), stack)
	return ExitFailure
}
