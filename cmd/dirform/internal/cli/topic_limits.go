package cli

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/state/bounds"
)

// limitsText is `dirform help limits`.
func limitsText() string {
	var b strings.Builder
	b.WriteString(`LIMITS

Every file and every reply that dirform reads has a limit, so that a mistake, or somebody who means harm, cannot fill the
machine's memory or keep a run waiting for ever. They are far above what is met in practice. Limits on what a plan may
change are guards: see "dirform help guards".

`)
	width, is := 0, 0
	for _, l := range bounds.All() {
		width, is = max(width, len([]rune(l.Of))), max(is, len(l.Is))
	}
	for _, l := range bounds.All() {
		fmt.Fprintf(&b, "  %-*s  %*s   beyond it, %s\n", width, l.Of, is, l.Is, l.Then)
	}
	return b.String()
}
