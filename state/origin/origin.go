// Package origin says who runs dirform: a person on a computer, or a job of a CI system, and for which commit.
package origin

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"strings"
)

// Origin is where a run comes from. Both are texts from outside.
type Origin struct {
	By  string // the address of the CI system's run, or user@host
	Ref string // the commit; "" where nobody says
}

// most is how long either may be.
const most = 500

// Of is the origin of a run in an environment: what DIRFORM_RUN_URL and DIRFORM_RUN_REF say, or what GitHub, GitLab or Azure Pipelines
// set in their jobs, or who is signed in to this computer.
func Of(getenv func(string) string) Origin {
	var o Origin
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		o = Origin{join(getenv("GITHUB_SERVER_URL"), "/", getenv("GITHUB_REPOSITORY"), "/actions/runs/", getenv("GITHUB_RUN_ID")), getenv("GITHUB_SHA")}
		if attempt := getenv("GITHUB_RUN_ATTEMPT"); o.By != "" && attempt != "" && attempt != "1" {
			o.By += "/attempts/" + attempt
		}
	case getenv("GITLAB_CI") != "":
		o = Origin{cmp.Or(getenv("CI_JOB_URL"), getenv("CI_PIPELINE_URL")), getenv("CI_COMMIT_SHA")}
	case getenv("TF_BUILD") != "":
		o = Origin{join(getenv("SYSTEM_COLLECTIONURI"), "", url.PathEscape(getenv("SYSTEM_TEAMPROJECT")), "/_build/results?buildId=", getenv("BUILD_BUILDID")),
			getenv("BUILD_SOURCEVERSION")}
	}
	return Origin{
		By:  cmp.Or(tidy(getenv("DIRFORM_RUN_URL")), tidy(o.By), UserName(getenv)+"@"+Host()),
		Ref: cmp.Or(tidy(getenv("DIRFORM_RUN_REF")), tidy(o.Ref)),
	}
}

// join is an address of parts and what stands between them, "" if one of the parts is missing.
func join(server, between, project, path, run string) string {
	if server == "" || project == "" || run == "" {
		return ""
	}
	return server + between + project + path + run
}

// tidy is a text without what must not be recorded: credentials in an address, and no end.
func tidy(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "?")
	if u, err := url.Parse(s); err == nil && u.User != nil {
		u.User = nil
		s = u.String()
	}
	if letters := []rune(s); len(letters) > most {
		s = string(letters[:most])
	}
	return s
}

// Host is this computer's name.
func Host() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown host"
	}
	return host
}

// UserName is who runs this, as the environment says or else, as in cron and containers, the system.
func UserName(getenv func(string) string) string {
	if name := cmp.Or(getenv("USER"), getenv("LOGNAME"), getenv("USERNAME")); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	if uid := os.Getuid(); uid >= 0 {
		return fmt.Sprintf("uid %d", uid)
	}
	return "unknown user"
}
