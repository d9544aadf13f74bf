package cli

import "strings"

// elsewhere are commands and options of Terraform that dirform has not, with what does their job here.
var elsewhere = map[string]string{
	"destroy": "Nothing is destroyed at one blow. Whoever leaves every scope is treated as leaving says in the link policy: take people " +
		"out of their scope, look at \"dirform plan\", and apply it.",
	"import": "Nothing is imported by hand: plan finds the accounts that belong to people, and apply links them. A link block of the " +
		"configuration decides a pair; \"dirform state rebuild\" makes a lost record anew.",
	"refresh": "Every plan reads both directories, so there is nothing to refresh. \"dirform drift\" shows what others changed since the " +
		"last apply.",
	"workspace": "A folder is one configuration with one record. Use a folder, named with --chdir, for each tenant, or a variable in the " +
		"path of the state block.",
	"console": "\"dirform explain OBJECT\" shows each expression with its inputs and its result for a real object.",
	"test": "There is no such command yet. Rehearse on embedded directories: \"dirform help lab\"; \"dirform validate\" checks the " +
		"configuration offline.",
	"taint":   "\"dirform state rm LINK\" forgets a link; the next plan finds the account again.",
	"graph":   "\"dirform explain OBJECT\" shows what an account depends on, its manager included; apply orders the writes by itself.",
	"get":     "Nothing is downloaded: providers and the preset are part of dirform.",
	"login":   "Nothing is kept of a sign-in: \"dirform help sign-in\" lists the ways, also those of CI systems.",
	"untaint": "No link is ever marked to be made anew, so there is no mark to take away.",
	"state mv": "Nothing is moved by hand: a link is known by its object's anchor, so blocks, scopes and OUs may be renamed. " +
		"\"dirform state migrate\" moves the whole record.",
	"state replace-provider": "A link names no provider, so provider blocks may be renamed as they are.",
	"output":                 "\"dirform plan --json\", \"dirform show --json\" and \"dirform state list --json\" print what scripts need.",
	"providers":              "Providers are part of dirform: nothing is downloaded.",

	"--refresh-only": "\"dirform drift\" shows what others changed since the last apply, and nothing else.",
	"--refresh":      "Every plan reads both directories; --target limits it.",
	"--destroy": "Nothing is destroyed at one blow. Whoever leaves every scope is treated as leaving says in the link policy: take people " +
		"out of their scope, look at \"dirform plan\", and apply it.",
	"--replace":          "An account is never made anew. \"dirform state rm LINK\" forgets a link; the next plan finds the account again.",
	"--parallelism":      "Writes travel in batches within the tenant's quota; there is nothing to set.",
	"--lock":             "The state is always locked while it is written; --lock-timeout waits for another run.",
	"--lock-timeout":     "Only a command that writes has to wait for another run, so apply and the commands of the state take it.",
	"--compact-warnings": "Warnings that many objects share are one block already; --verbose unfolds them.",
	"--state":            "The state block says where the record is; its path may use variables.",
	"--backend-config":   "The state block says where the record is, and may use variables: --var, --var-file, DIRFORM_VAR_….",
	"--upgrade":          "Nothing is downloaded: providers are part of dirform.",
	"--reconfigure":      "The state block says where the record is; \"dirform state migrate\" moves it.",
	"--migrate-state":    "\"dirform state migrate\" moves the record to where the state block says by now.",
}

// instead is what does the job of one of Terraform's commands or options, "" if name is none.
func instead(name string) string { return elsewhere[strings.ToLower(name)] }
