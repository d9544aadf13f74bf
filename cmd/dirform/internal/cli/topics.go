package cli

import (
	"embed"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state/jsonshape"
)

// topic is a page of "dirform help TOPIC".
type topic struct {
	name    string
	summary string
	text    func() string
}

// topics are all pages, in the order in which help lists them.
func topics() []topic {
	return []topic{
		{"language", "The configuration language, block by block", languageText},
		{"tests", "Tests of a configuration: what is there, and what the plan is to be", written("tests")},
		{"functions", "The functions of expressions", functionsText},
		{"guards", "The limits that hold a plan back, and the ways through", limits.Help},
		{"limits", "How much of everything dirform reads at most", limitsText},
		{"findings", "The codes of findings, with cause and cure", render.CodesHelp},
		{"sign-in", "How credentials are found, and what keeps them where they belong", written("sign-in")},
		{"privacy", "What each file that dirform writes reveals, and to whom", written("privacy")},
		{"outputs", "What text from others looks like in outputs, logs and errors", written("outputs")},
		{"reports", "A plan for a pull request, a browser or a spreadsheet, and without people", written("reports")},
		{"json", "What --json prints, member by member", written("json")},
		{"json-schema", "The same as a JSON Schema, for programs", jsonSchema},
		{"exit-status", "What the exit status means, for scripts and CI", written("exit-status")},
		{"changes", "What is new in each version, and what to do about it", written("changes")},
	}
}

// jsonSchema is what "dirform help json" says, for programs.
func jsonSchema() string { return jsonshape.MustSchema(written("json")()) }

// languageText is "dirform help language", with every block and argument as the decoder takes them at its end.
func languageText() string {
	return written("language")() + "\nEVERY BLOCK AND ARGUMENT\n" + config.Reference()
}

// writtenTopics are the pages that are not made from tables of the code.
//
//go:embed topics/*.txt
var writtenTopics embed.FS

// written gives the text of topics/NAME.txt.
func written(name string) func() string {
	return func() string {
		text, err := writtenTopics.ReadFile("topics/" + name + ".txt")
		if err != nil {
			panic(err) // the files are part of the program, and a test reads each of them
		}
		return string(text)
	}
}
