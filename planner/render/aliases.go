package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
)

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

// ScriptTitle begins the first line of [AliasesScript].
const ScriptTitle = "# Aliases to be set in Exchange Online, by dirform "

// Digested is a plan that says which one it is.
type Digested interface {
	Source
	Digest() string
}

// AliasesScript writes the Exchange Online commands of a plan's findings as a PowerShell script, and returns how many
// objects it has commands for, and how many have aliases to set without one. It is ASCII throughout, because Windows
// PowerShell takes a file without a mark for its machine's code page. An error is the plan's; w's own are its to
// remember.
func AliasesScript(w io.Writer, plan Digested) (n, without int, err error) {
	h := plan.Header()
	fmt.Fprintf(w, ScriptTitle+"%s\n# Plan of %s, %s\n# Tenant %s, source %s\n",
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
		fmt.Fprintf(w, "\n# Not looked at: the aliases of %s that the plan blocks. Plan again when their errors are resolved.\n", objects(blocked))
	}
	if without > 0 {
		fmt.Fprintf(w, "\n# Left out, because no command can help them yet: %s. The plan says why (%s).\n",
			objects(without), planner.AliasesCode)
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

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}
