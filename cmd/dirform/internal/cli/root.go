package cli

import (
	"cmp"
	"fmt"
	"log"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
)

// Main runs the one of dirform's commands that an environment asks for and returns the exit status.
// A crash is 1.
func Main(env Environment, commands func(*App) []*cobra.Command) (status int) {
	a := &App{Env: env}
	done := a.watchSignals()
	defer done()
	defer a.raiseWalls()()
	a.stderr.Hide(secretsIn(env.Environ))
	defer a.watchCrashes()()
	defer func() {
		if value := recover(); value != nil {
			status = a.crashed(value, debug.Stack())
		}
	}()
	root := NewRoot(a, commands(a))
	args := doubleDashes(root, env.Args)
	a.asJSON, _ = strconv.ParseBool(given(root, args, "json"))
	if given(root, args, "log-format") == "json" { // an error about other options is a line of it
		a.logLines()
		root.SetErr(a.Env.Stderr)
	}
	if env.Exit != nil { // the process is ours: what libraries say by themselves comes the same way
		defer log.SetOutput(log.Writer())
		log.SetOutput(a.Env.Stderr)
	}
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) { // a shell shows descriptions as they are
		plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
		walk(root, func(cmd *cobra.Command) { cmd.PersistentFlags().VisitAll(plain); cmd.Flags().VisitAll(plain) })
	}
	root.SetArgs(args)
	return a.exitStatus(a.ended(root.ExecuteContext(a.Stop)))
}

// NewRoot builds the command tree over the commands, which help lists in their order.
func NewRoot(a *App, commands []*cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "dirform",
		Short: "Plan and apply directory synchronisation from Active Directory to Microsoft Entra",
		Long: `dirform reconciles an on-premises Active Directory with a Microsoft Entra (Office 365) tenant. *.hcl files declare what is
synchronised; plan shows every change it would make and why; apply makes exactly those changes.`,
		Args:              cobra.ArbitraryArgs, // an unknown command becomes our own error
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error { return cmp.Or(refuseEmpty(cmd, args), a.prepare()) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if show, _ := cmd.Flags().GetBool("version"); show {
				return a.printVersion(false)
			}
			return a.MissingCommand(cmd, args)
		},
	}
	root.SetIn(a.Env.Stdin)
	root.SetOut(a.Env.Stdout)
	root.SetErr(a.Env.Stderr)
	root.CompletionOptions.DisableDefaultCmd = true // ours stands at its place in the list
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(a.Env.Stdout, cmd) })
	root.Flags().Bool("version", false, "print dirform's version")
	p := root.PersistentFlags()
	p.StringVar(&a.chdir, "chdir", "", "work in `DIR` instead of the current folder; file names are relative to it too")
	p.BoolVar(&a.noColor, "no-color", false, "no colours (also: NO_COLOR in the environment; FORCE_COLOR wants them without a terminal, too)")
	p.StringVar(&a.logLevel, "log-level", "warn", "log to stderr from `LEVEL` on: debug, info, warn or error")
	p.StringVar(&a.logFormat, "log-format", "text", "`FORMAT` of stderr: text; or json, where everything there is one object a line")
	p.BoolP("help", "h", false, "show this help")
	ExitStatus(root, "0  done, or no changes", "1  error", "2  changes are pending, or somebody switched off is still signed in (drift; plan and undo with --detailed-exitcode)",
		"3  applied in part: some changes failed or were skipped", "130  interrupted")
	AddCommands(root, commands...)
	if help, _, err := root.Find([]string{"help"}); err == nil && help != root { // cobra has one of its own, which completion would ask
		root.SetHelpCommand(help)
	}
	a.completeOptions(root)
	return root
}

// MissingCommand answers a group of commands that was called without one of them, or with one it doesn't have.
func (a *App) MissingCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		writeHelp(a.Env.Stderr, cmd)
		return &ExitError{Code: ExitFailure}
	}
	name := strings.TrimPrefix(cmd.CommandPath()+" ", "dirform ") + args[0]
	e := &fault.Error{Summary: fmt.Sprintf("Unknown command %q", name)}
	if near := near.Meant(args[0], commandNames(cmd)); near != "" {
		e.Detail = fmt.Sprintf("Did you mean %q?", near)
	}
	if other := instead(name); other != "" {
		e.Detail = other
	}
	e.Hint = fmt.Sprintf("Run %q for a list of the commands.", strings.TrimSpace("dirform help"+strings.TrimPrefix(cmd.CommandPath(), "dirform")))
	return e
}
