package cli

import (
	_ "embed"
	"strings"
)

// elsewhere are commands and options of Terraform that dirform has not, with what does their job here: "NAME: text", a line each.
//
//go:embed terraform.txt
var elsewhere string

// instead is what does the job of one of Terraform's commands or options, "" if name is none.
func instead(name string) string {
	for line := range strings.Lines(elsewhere) {
		if word, text, _ := strings.Cut(line, ": "); strings.EqualFold(word, name) {
			return strings.TrimSpace(text)
		}
	}
	return ""
}
