package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
)

func newCompletionCommand(a *cli.App) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes dirform's commands and options",
		Long: "Completion prints a script for your shell (bash, zsh, fish or powershell) that completes dirform's commands and options.\n" +
			"That for bash needs the package bash-completion, loaded before it.",
		Example:   "  source <(dirform completion bash)\n  dirform completion zsh > \"${fpath[1]}/_dirform\"",
		ValidArgs: shells,
		Args:      cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, w := cmd.Root(), a.FileOut()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(w, true)
			case "zsh":
				return root.GenZshCompletion(w)
			case "fish":
				return root.GenFishCompletion(w, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(w)
			}
			e := &fault.Error{Summary: fmt.Sprintf("No completion for %q", args[0]), Hint: "Choose one of bash, zsh, fish and powershell."}
			if near := near.Meant(args[0], shells); near != "" {
				e.Detail = fmt.Sprintf("Did you mean %q?", near)
			}
			return e
		},
	}
	return cli.ExitStatus(cmd, "0  done", "1  not a shell dirform knows")
}
