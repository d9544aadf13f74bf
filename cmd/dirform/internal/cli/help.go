package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
)

// Annotations of our commands.
const (
	orderAnnotation      = "order"       // place in the parent's help
	exitStatusAnnotation = "exit-status" // lines of its EXIT STATUS section
)

// AddCommands adds commands to parent; help lists them in this order.
func AddCommands(parent *cobra.Command, commands ...*cobra.Command) {
	for i, c := range commands {
		annotate(c, orderAnnotation, fmt.Sprintf("%03d", i))
		parent.AddCommand(c)
	}
}

// ExitStatus documents what a command's exit status means: lines of a status, two spaces and its meaning.
func ExitStatus(cmd *cobra.Command, lines ...string) *cobra.Command {
	annotate(cmd, exitStatusAnnotation, strings.Join(lines, "\n"))
	return cmd
}

func annotate(cmd *cobra.Command, key, value string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[key] = value
}

// subcommands are a command's own in the order of addCommands; cobra's hidden ones are left out.
func subcommands(cmd *cobra.Command) []*cobra.Command {
	list := slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return c.Annotations[orderAnnotation] == "" })
	slices.SortFunc(list, func(a, b *cobra.Command) int {
		return cmp.Compare(a.Annotations[orderAnnotation], b.Annotations[orderAnnotation])
	})
	return list
}

// writeHelp writes a command's help, which ends with its exit status.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUSAGE\n  %s\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), usageLine(cmd))
	if list := subcommands(cmd); len(list) > 0 {
		b.WriteString("\nCOMMANDS\n")
		for _, c := range list {
			fmt.Fprintf(&b, "  %-14s%s\n", c.Name(), c.Short)
		}
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nEXAMPLES\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if s := cmd.LocalNonPersistentFlags().FlagUsages(); cmd.LocalNonPersistentFlags().HasAvailableFlags() {
		fmt.Fprintf(&b, "\nOPTIONS\n%s", s)
	}
	global := cmd.InheritedFlags()
	if !cmd.HasParent() {
		global = cmd.PersistentFlags()
		writeTopicList(&b)
	}
	fmt.Fprintf(&b, "\nGLOBAL OPTIONS\n%s", global.FlagUsages())
	b.WriteString("\nEXIT STATUS\n")
	for line := range strings.Lines(cmd.Annotations[exitStatusAnnotation]) {
		code, meaning, _ := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		fmt.Fprintf(&b, "  %-5s%s\n", code, meaning)
	}
	io.WriteString(w, b.String())
}

func usageLine(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return cmd.CommandPath() + " COMMAND [OPTIONS]"
	}
	line := strings.TrimSuffix(cmd.CommandPath(), cmd.Name()) + cmd.Use
	if cmd.LocalNonPersistentFlags().HasAvailableFlags() {
		line += " [OPTIONS]"
	}
	return line
}

func writeTopicList(b *strings.Builder) {
	b.WriteString("\nTOPICS (dirform help TOPIC)\n")
	for _, t := range topics() {
		fmt.Fprintf(b, "  %-14s%s\n", t.name, t.summary)
	}
}

// NewHelpCommand is "dirform help": of a command, or about a topic.
func NewHelpCommand(a *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "help [COMMAND | TOPIC | CODE]",
		Short: "Help about a command, a topic or a finding's code",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (list []string, _ cobra.ShellCompDirective) {
			if of, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				list = commandNames(of)
			}
			for _, t := range topics() {
				if len(args) == 0 {
					list = append(list, t.name)
				}
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				for _, t := range topics() {
					if t.name == args[0] {
						io.WriteString(a.Env.Stdout, t.text())
						return nil
					}
				}
			}
			if name := strings.Join(args, " "); len(args) > 0 {
				if text := cmp.Or(render.CodeHelp(name), render.CodeHelp(strings.TrimPrefix(name, "findings "))); text != "" {
					io.WriteString(a.Env.Stdout, text)
					return nil
				}
			}
			return a.helpFor(cmd.Root(), args)
		},
	}
	return ExitStatus(cmd, "0  done", "1  there is no such command, topic or code")
}

// helpFor writes the help of the command that args name, word by word.
func (a *App) helpFor(cmd *cobra.Command, args []string) error {
	for _, name := range args {
		list := subcommands(cmd)
		i := slices.IndexFunc(list, func(c *cobra.Command) bool { return c.Name() == name })
		if i < 0 {
			e := &fault.Error{Summary: fmt.Sprintf("No help about %q", strings.Join(args, " ")), Hint: `Run "dirform help" for a list of commands and topics.`}
			names := commandNames(cmd)
			for _, t := range topics() {
				names = append(names, t.name)
			}
			if near := near.Meant(name, names); near != "" {
				e.Detail = fmt.Sprintf("Did you mean %q?", near)
			}
			return e
		}
		cmd = list[i]
	}
	writeHelp(a.Env.Stdout, cmd)
	return nil
}
