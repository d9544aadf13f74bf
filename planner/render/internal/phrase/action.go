package phrase

import (
	"fmt"
	"strconv"

	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// Tone is what an action is to whom it happens to, which layouts have colours for.
type Tone int

// The tones.
const (
	Neutral Tone = iota
	Gives        // something new
	Binds        // what is there already
	Alters
	Takes // something away
)

// Style is how an action looks.
type Style struct {
	Symbol string // one ASCII character, different for each
	Tone   Tone
	Will   string // after an object: "will be created"
}

// StyleOf is the style of an action. The symbols are ASCII and all different, so that a log can be searched for them.
func StyleOf(a state.Action) Style {
	switch a {
	case state.ActionCreate:
		return Style{"+", Gives, "will be created"}
	case state.ActionLink:
		return Style{"=", Binds, "will be linked"}
	case state.ActionRelink:
		return Style{"%", Alters, "will get a new anchor and be linked"}
	case state.ActionRestore:
		return Style{"^", Gives, "will be restored from the recycle bin and linked"}
	case state.ActionUpdate:
		return Style{"~", Alters, "will be updated"}
	case state.ActionDisable:
		return Style{"o", Takes, "will be disabled"}
	case state.ActionUnlink:
		return Style{"/", Takes, "will be unlinked"}
	case state.ActionDelete:
		return Style{"-", Takes, "will be deleted"}
	case state.ActionBlocked:
		return Style{"!", Takes, "is blocked"}
	}
	return Style{"?", Neutral, "has the unknown action " + Plain(string(a))}
}

// Figure is a count or a percentage.
func Figure(x float64) string {
	if x == float64(int(x)) {
		return strconv.Itoa(int(x))
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// Limit says how near a plan gets to a limit: "deletes 3 of 50".
func Limit(l view.Limit) string {
	unit := ""
	if l.Percent {
		unit = " %"
	}
	name := l.Name
	if l.Of != "" {
		name += " of " + l.Of
	}
	text := Plain(fmt.Sprintf("%s %s%s of %s%s", name, Figure(l.Planned), unit, Figure(l.Allowed), unit))
	if l.Tripped {
		text += ", which is too many"
	}
	return text
}
