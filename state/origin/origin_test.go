package origin

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	host := Host()
	github := map[string]string{"USER": "runner", "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "contoso/directory",
		"GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SHA": "c0ffee"}
	for name, c := range map[string]struct {
		env  map[string]string
		want Origin
	}{
		"a person":  {map[string]string{"USER": "jane"}, Origin{"jane@" + host, ""}},
		"Windows":   {map[string]string{"USERNAME": "jane"}, Origin{"jane@" + host, ""}},
		"GitHub":    {github, Origin{"https://github.com/contoso/directory/actions/runs/4711", "c0ffee"}},
		"again":     {with(github, "GITHUB_RUN_ATTEMPT", "2"), Origin{"https://github.com/contoso/directory/actions/runs/4711/attempts/2", "c0ffee"}},
		"in part":   {with(github, "GITHUB_RUN_ID", ""), Origin{"runner@" + host, "c0ffee"}},
		"told":      {with(github, "DIRFORM_RUN_URL", "https://ci.contoso.com/9"), Origin{"https://ci.contoso.com/9", "c0ffee"}},
		"told both": {with(with(github, "DIRFORM_RUN_URL", "night"), "DIRFORM_RUN_REF", "v2"), Origin{"night", "v2"}},
		"GitLab": {map[string]string{"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.com/x/-/jobs/1", "CI_COMMIT_SHA": "abc"},
			Origin{"https://gitlab.com/x/-/jobs/1", "abc"}},
		"Azure Pipelines": {map[string]string{"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/", "SYSTEM_TEAMPROJECT": "My Project",
			"BUILD_BUILDID": "7", "BUILD_SOURCEVERSION": "abc"}, Origin{"https://dev.azure.com/contoso/My%20Project/_build/results?buildId=7", "abc"}},
		"a secret":    {map[string]string{"DIRFORM_RUN_URL": "https://jane:s3cret@ci.contoso.com/9"}, Origin{"https://ci.contoso.com/9", ""}},
		"without end": {map[string]string{"DIRFORM_RUN_URL": strings.Repeat("ü", 10*most)}, Origin{strings.Repeat("ü", most), ""}},
	} {
		if got := Of(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func with(env map[string]string, name, value string) map[string]string {
	next := map[string]string{}
	for k, v := range env {
		next[k] = v
	}
	next[name] = value
	return next
}
