package markdown

import "strings"

// Place is where a plan is shown as Markdown, and what may stand there.
type Place struct {
	Name  string
	Limit int  // bytes that it takes
	Flat  bool // it shows no HTML: nothing can be folded
}

// Places are the places that are known. Their limits are counted in bytes of UTF-8, since each place counts something
// else and refuses all of a text that is too long (GitHub a comment of more than 65,536 characters; GitLab a note of
// more than 1,000,000; Azure DevOps a comment of more than 150,000; Bitbucket one of more than 32,768; a GitHub step
// summary of more than 1,024 KiB is dropped without a word). No text has more characters than bytes.
var Places = []Place{
	{Name: "github", Limit: 65_535},
	{Name: "gitlab", Limit: 999_999},
	{Name: "azure-devops", Limit: 149_999},
	{Name: "bitbucket", Limit: 32_767, Flat: true},
	{Name: "step-summary", Limit: 1024*1024 - 1},
}

// PlaceNamed is the place of a name, if there is one.
func PlaceNamed(name string) (Place, bool) {
	for _, p := range Places {
		if p.Name == name {
			return p, true
		}
	}
	return Place{}, false
}

// PlaceNames are the names of all places, for people.
func PlaceNames() string {
	var names []string
	for _, p := range Places {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
