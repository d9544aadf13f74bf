package cli

import (
	"strings"
	"testing"
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
