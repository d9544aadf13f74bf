package report

import (
	"fmt"
	"strings"
)

// Wrap writes a list over lines that fit a terminal.
func Wrap(b *strings.Builder, first string, list []string) {
	const most = 120
	line := first
	for i, word := range list {
		if i < len(list)-1 {
			word += ","
		}
		if len(line)+len(word) > most {
			fmt.Fprintln(b, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", len(first))
		}
		line += word + " "
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}
