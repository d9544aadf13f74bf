package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
)

// aliasesHelp is what --aliases-script does, in the help of the commands that have it.
const aliasesHelp = "write the Exchange Online commands for aliases (DF302) to `FILE`, as a PowerShell script"

// writeAliasesScript writes the commands of the plan's findings as a PowerShell script, in place of any file of that name once it is
// complete. Nothing of it is run.
func writeAliasesScript(a *cli.App, plan *planfile.Reader, name string, quiet bool) error {
	if name == "" {
		return nil
	}
	n, without, err := writeScript(a.Path(name), plan)
	switch {
	case err != nil:
		return &fault.Error{Summary: fmt.Sprintf("Cannot write the script %s", name), Detail: err.Error() + ".", Err: err,
			Hint: "Name a file in a folder that exists and may be written to."}
	case quiet:
	case n == 0:
		what := "no alias to set"
		if without > 0 {
			what = "no alias that a command can set" + leftOutOf(without, "object")
		}
		a.Notef("\nThere is %s; %s says so.\n", what, name)
	default:
		a.Notef("\nThe aliases of %s are to be set by %s%s. Read it, and run it in PowerShell after the plan is applied.\n", cli.Count(n, "object"), name, leftOutOf(without, "more object"))
	}
	return nil
}

// leftOutOf tells of the objects with aliases to set for which there is no command: with those that have one they make the number in
// the plan's last line.
func leftOutOf(without int, what string) string {
	if without == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s left out: the plan says why, %s)", cli.Count(without, what), planner.AliasesCode)
}

// writeScript returns how many objects the script has commands for, and how many have aliases to set without one.
func writeScript(path string, plan *planfile.Reader) (n, without int, err error) {
	file, err := atomicfile.Create(path, 0o600) // addresses are personal data
	if err != nil {
		return 0, 0, err
	}
	defer file.Discard()
	w := bufio.NewWriterSize(file, 64<<10)
	n, without, err = aliasesScript(w, plan)
	for _, step := range []func() error{w.Flush, file.Commit} {
		if err == nil {
			err = step()
		}
	}
	return n, without, err
}

// scriptHead begins the script. A command that fails, because the account has no mailbox yet, must not stop the others.
const scriptHead = `
# Microsoft Graph lets nobody write the further addresses (aliases) in proxyAddresses; these commands for Exchange Online do.
# Run them after the plan is applied. Each names the only aliases it adds or removes, so it can be run again, and one that
# fails, for example because the account has no mailbox yet, does not stop the others. For a mail user, write Set-MailUser
# in place of Set-Mailbox. When they are done, plan again: it lists what is left.
#Requires -Modules ExchangeOnlineManagement

$ErrorActionPreference = 'Continue'
Connect-ExchangeOnline
`

// aliasesScript writes the script. It is ASCII throughout, because Windows PowerShell takes a file without a mark for its
// machine's code page.
func aliasesScript(w io.Writer, plan *planfile.Reader) (n, without int, err error) {
	h := plan.Header()
	fmt.Fprintf(w, "# Aliases to be set in Exchange Online, by dirform %s\n# Plan of %s, %s\n# Tenant %s, source %s\n",
		ascii(h.DirformVersion), ascii(h.CreatedAt), ascii(plan.Digest()), ascii(h.Tenant.ID), ascii(h.Source.Domain))
	for f, err := range plan.Findings() {
		switch {
		case err != nil:
			return n, without, err
		case f.Code != planner.AliasesCode || len(f.Objects) == 0:
			continue
		case len(f.Commands) == 0:
			without++
			continue
		}
		if n++; n == 1 {
			fmt.Fprint(w, scriptHead)
		}
		fmt.Fprintf(w, "\n# %s\n%s\n", ascii(f.Objects[0].Address), strings.Join(f.Commands, "\n"))
	}
	blocked := plan.Totals().Summary.Blocked
	if n == 0 && without+blocked == 0 {
		fmt.Fprint(w, "\n# Nothing to do: the plan has no alias to set.\n")
	}
	if n == 0 && without+blocked > 0 {
		fmt.Fprint(w, "\n# No command: none of the aliases to set can be set yet.\n")
	}
	if blocked > 0 {
		fmt.Fprintf(w, "\n# Not looked at: the aliases of %s that the plan blocks. Plan again when their errors are resolved.\n", cli.Count(blocked, "object"))
	}
	if without > 0 {
		fmt.Fprintf(w, "\n# Left out, because no command can help them yet: %s. The plan says why (%s).\n", cli.Count(without, "object"), planner.AliasesCode)
	}
	return n, without, nil
}

// ascii is s on one line of ASCII.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= ' ' && r <= '~' {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
