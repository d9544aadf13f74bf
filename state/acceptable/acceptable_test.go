package acceptable

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

func TestNever(t *testing.T) {
	language := &state.Attribute{Name: "preferredLanguage", Form: state.FormLanguage}
	country := &state.Attribute{Name: "usageLocation", MaxLen: 2, ASCII: true, Form: state.FormCountry}
	title := &state.Attribute{Name: "jobTitle", MaxLen: 5}
	phones := &state.Attribute{Name: "businessPhones", Multi: true, MaxLen: 5}
	for _, c := range []struct {
		a         *state.Attribute
		v         state.Value
		text, why string
	}{
		{language, state.String("hu-HU"), "", ""},
		{language, state.String("hu_HU"), "hu_HU", "is meant"},
		{country, state.String("HU"), "", ""},
		{country, state.String("Magyarország"), "Magyarország", "is meant"}, // and not that a character is not ASCII
		{title, state.String("Clerk"), "", ""},
		{title, state.String("Clerks"), "Clerks", "6 characters"},
		{title, state.String("a\tb"), "a\tb", "character 2"},
		{title, state.Null(), "", ""},
		{title, state.Bool(true), "", ""},
		{phones, state.List([]string{"1", "123456"}), "123456", "6 characters"},
		{&state.Attribute{Type: state.TypeReference, MaxLen: 1}, state.String("CN=A"), "", ""},
	} {
		text, why := Never(c.a, c.v)
		if text != c.text || !strings.Contains(why, c.why) || (why == "") != (c.why == "") {
			t.Errorf("%s = %v: %q, %s", c.a.Name, c.v, text, why)
		}
	}
}
