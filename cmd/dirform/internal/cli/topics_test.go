package cli

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/state/visible"
)

func TestTopicsFitATerminal(t *testing.T) {
	for _, topic := range topics() {
		for line := range strings.Lines(topic.text()) {
			if len([]rune(line)) > 133 {
				t.Errorf("%s: line too long: %s", topic.name, line)
			}
		}
	}
}

// A topic is printed through the wall of standard output like anything else, so it holds nothing that is escaped there.
func TestTopicsAreShownAsTheyAre(t *testing.T) {
	for _, topic := range topics() {
		for line := range strings.SplitSeq(topic.text(), "\n") {
			if visible.Line(line) != line {
				t.Errorf("%s: this line is shown otherwise: %s", topic.name, line)
			}
		}
	}
}
