package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store/storetest"
)

// team is a company with a tenant, a domain controller and a database, whose pipelines run on machines that are thrown away. The
// shell blocks of an example's pipelines are run as its CI system runs them.
type team struct {
	t        *testing.T
	example  string // the folder of the pipelines
	lab      *lab.Lab
	served   string            // the example's providers, with the lab's addresses
	tools    string            // a folder with dirform and what stands in for the CI system's own commands
	store    string            // where those keep artifacts, comments and issues
	issuer   string            // the address of the CI system's token service
	token    string            // an identity token
	settings map[string]string // what is set in the CI system, by the names that GitHub has
	mu       sync.Mutex
	printed  strings.Builder // all that any job printed
}

// system is a CI system. Each of its functions runs a job in a fresh clone and tells its exit status: for a pull request, for the
// commit that merged one (0: a commit that merged none), and every night.
type system struct {
	example     string
	plan, apply func(d *team, clone string, request int) (status int)
	drift       func(d *team, clone string) (status int)
	drifted     int // the status of the nightly job when it has found something
}

var systems = []system{
	{"ci-github",
		func(d *team, clone string, request int) int {
			return d.gitHub("dirform-plan.yml", "plan", clone, request)
		},
		func(d *team, clone string, request int) int {
			return d.gitHub("dirform-apply.yml", "apply", clone, request)
		},
		func(d *team, clone string) int { return d.gitHub("dirform-drift.yml", "drift", clone, 0) }, 0},
	{"ci-gitlab",
		func(d *team, clone string, request int) int { return d.gitLab("plan", clone, request) },
		func(d *team, clone string, request int) int { return d.gitLab("apply", clone, request) },
		func(d *team, clone string) int { return d.gitLab("drift", clone, 0) }, 2},
	{"ci-azure-devops",
		func(d *team, clone string, request int) int { return d.azure("plan", clone, request) },
		func(d *team, clone string, request int) int { return d.azure("apply", clone, request) },
		func(d *team, clone string) int { return d.azure("drift", clone, 0) }, 2},
}

// toolScripts are commands of the CI systems, as far as the pipelines use them: what they are asked for lies in $STORE.
var toolScripts = map[string]string{
	"gh": `#!/bin/bash
set -e
case "$1 $2" in
  "api repos/contoso/directory/commits/"*/pulls) sha=${2#*commits/}; cat "$STORE/head-${sha%/pulls}" 2>/dev/null || true ;;
  "api repos/contoso/directory/actions/artifacts?name="*) name=${2#*name=}; test ! -f "$STORE/$name" || echo "$name" ;;
  "api repos/contoso/directory/actions/artifacts/"*/zip) id=${2#*artifacts/}; cat "$STORE/${id%/zip}" ;;
  "pr comment" | "issue edit" | "issue create")
    what=$1; test "$what" = pr || what=issue
    if [[ $2 == edit || $* == *--edit-last* ]] && [[ ! -f $STORE/$what.md ]]; then echo "none to edit" >&2; exit 1; fi
    while [[ $1 != --body-file ]]; do shift; done
    cat "$2" >"$STORE/$what.md" ;;
  "issue list") test ! -f "$STORE/issue.md" || echo 1 ;;
  *) echo "gh $*?" >&2; exit 1 ;;
esac
`,
	"unzip": `#!/bin/bash
cp "$3" "$6/$4"
`,
	"git": `#!/bin/bash
[[ "$*" == "rev-parse HEAD^2" ]] && echo "$HEAD"
`,
	// the artifact lies on another server, which is not to be told the token
	"curl": `#!/bin/bash
set -e
output=${@: 5:1}
case ${@: -1} in
  https://ci.example/api/v4/projects/12/jobs/artifacts/refs%2Fmerge-requests%2F*%2Fhead/raw/dirform-out/plan.dfplan\?job=plan)
    [[ "${@: 4:1} ${@: 6:3}" == "--output --write-out %{redirect_url} --config" ]]
    grep -q '^header = "JOB-TOKEN: job-token"$' "${@: 9:1}"
    request=${@: -1}; request=${request%%%2Fhead*}; request=${request##*%2F}
    [[ -f $STORE/dirform-plan-$request ]] || { echo "404" >&2; exit 22; }
    echo "https://storage.example/$request" ;;
  https://storage.example/*) [[ $# == 8 ]]; request=${@: -1}; cp "$STORE/dirform-plan-${request##*/}" "$output" ;;
  *) echo "404" >&2; exit 22 ;;
esac
`,
}

func newTeam(t *testing.T, example, database string) *team {
	t.Helper()
	dir := t.TempDir()
	d := &team{t: t, example: filepath.Join(root, "examples", example), tools: filepath.Join(dir, "tools"),
		store: filepath.Join(dir, "store")}
	seed := filepath.Join(dir, "seed")
	for _, folder := range []string{d.tools, d.store, seed} {
		must(t, os.MkdirAll(folder, 0o700))
	}
	must(t, os.Symlink(os.Args[0], filepath.Join(d.tools, "dirform")))
	for name, script := range toolScripts {
		must(t, os.WriteFile(filepath.Join(d.tools, name), []byte(script), 0o700))
	}
	write(t, seed, lab.ADSeed, readOnlyLDIF)
	var tenant map[string]any
	must(t, json.Unmarshal([]byte(readOnlyTenant), &tenant))
	tenant["federatedIdentityCredentials"] = []any{map[string]any{"name": "ci", "issuer": issuedBy,
		"subject": "repo:contoso/directory:ref:refs/heads/main", "audiences": []any{"api://AzureADTokenExchange"}}}
	text, err := json.Marshal(tenant)
	must(t, err)
	write(t, seed, lab.TenantSeed, string(text))
	d.lab, err = lab.Open(lab.Options{Seed: seed, Record: os.Getenv("DIRFORM_LAB_RECORD")})
	must(t, err)
	t.Cleanup(func() { d.lab.Close() })
	ad, err := d.lab.ServeAD()
	must(t, err)
	entra, err := d.lab.ServeEntra()
	must(t, err)
	service := &tokenService{access: entra}
	ci := httptest.NewServer(service)
	t.Cleanup(ci.Close)
	d.issuer, d.token = ci.URL, service.token("api://AzureADTokenExchange")
	key, err := seal.NewKey()
	must(t, err)
	providers, err := os.ReadFile(filepath.Join(d.example, "providers.hcl"))
	must(t, err)
	d.served = string(providers)
	for old, now := range map[string]string{
		`"ldaps://dc1.corp.contoso.com"`: fmt.Sprintf("%q\n  ca_file = %q", ad.URL, ad.CAFile),
		`"8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99"`: fmt.Sprintf("%q\n  endpoint = %q\n  authority = %q\n  ca_file = %q",
			entra.TenantID, entra.Endpoint, entra.Authority, entra.CAFile),
	} {
		if !strings.Contains(d.served, old) {
			t.Fatalf("no %s in\n%s", old, providers)
		}
		d.served = strings.Replace(d.served, old, now, 1)
	}
	d.settings = map[string]string{"DIRFORM_ALLOW_HOSTS": "dc1.corp.contoso.com", "AD_BIND_DN": ad.BindDN, "AD_PASSWORD": ad.Password,
		"STATE_URL": database, "DIRFORM_KEY": key.Text(), "AZURE_CLIENT_ID": entra.ClientID}
	return d
}

// clone is a fresh clone of the repository, with some files changed in it.
func (d *team) clone(changed map[string]string) string {
	d.t.Helper()
	dir := d.t.TempDir()
	main, err := os.ReadFile(filepath.Join(d.example, "main.hcl"))
	must(d.t, err)
	write(d.t, dir, "main.hcl", string(main))
	write(d.t, dir, "providers.hcl", d.served)
	for name, text := range changed {
		write(d.t, dir, name, text)
	}
	return dir
}

// script runs a job's shell block in a clone, with nothing in its environment but what the CI system gives it.
func (d *team) script(clone, text string, env map[string]string, options ...string) (status int, out string) {
	d.t.Helper()
	if strings.Contains(text, "${{") || strings.Contains(text, "$(allow") {
		d.t.Errorf("text of others becomes a part of a script:\n%s", text)
	}
	cmd := exec.Command("bash", append(options, "-c", text)...)
	cmd.Dir = clone
	cmd.Env = []string{"PATH=" + d.tools + ":" + os.Getenv("PATH"), "STORE=" + d.store, "HOME=" + d.store,
		"DIRFORM_LAB_RECORD=" + os.Getenv("DIRFORM_LAB_RECORD")}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.printed.Write(b)
	if status = cmd.ProcessState.ExitCode(); status < 0 { // as the systems tell that a signal ended it
		status = 137
	}
	return status, string(b)
}

// resolve puts values in place of what an expression names in each of an environment's texts.
func (d *team) resolve(expression *regexp.Regexp, values map[string]string, texts map[string]any) map[string]string {
	d.t.Helper()
	out := map[string]string{}
	for name, text := range texts {
		out[name] = expression.ReplaceAllStringFunc(fmt.Sprint(text), func(found string) string {
			what := expression.FindStringSubmatch(found)[1]
			value, ok := values[what]
			if !ok {
				d.t.Fatalf("%s: nothing is known of %s", name, what)
			}
			return value
		})
	}
	return out
}

// keep keeps an artifact, and shared finds it again; both as the CI system does it, which none of the jobs' accounts can change.
func (d *team) keep(file, name string) {
	d.t.Helper()
	content, err := os.ReadFile(file)
	must(d.t, err)
	write(d.t, d.store, name, string(content))
}

// artifact is the name of a request's plan.
func (d *team) artifact(request int) string {
	if strings.HasSuffix(d.example, "github") {
		return "dirform-plan-" + sha(request, "b")
	}
	return fmt.Sprint("dirform-plan-", request)
}

// sha is a commit of a request: its head ("b") or what merged it ("a").
func sha(request int, digit string) string {
	return fmt.Sprintf("%04d", request) + strings.Repeat(digit, 36)
}

func parseYAML(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(text, []byte(": &")) || bytes.Contains(text, []byte(": *")) {
		t.Errorf("%s has an anchor, which not every system knows", path)
	}
	var doc map[string]any
	must(t, yaml.Unmarshal(text, &doc))
	return doc
}

// at is a member of a document, by the names on the way to it.
func at[T any](t *testing.T, doc any, way ...string) T {
	t.Helper()
	for _, name := range way {
		m, ok := doc.(map[string]any)
		if !ok || m[name] == nil {
			var none T
			return none
		}
		doc = m[name]
	}
	value, ok := doc.(T)
	if !ok {
		t.Fatalf("%v is a %T", way, doc)
	}
	return value
}

var gitHubExpression = regexp.MustCompile(`\$\{\{ *([^ }]+) *\}\}`)

func (d *team) gitHub(workflow, name, clone string, request int) (status int) {
	t := d.t
	job := at[map[string]any](t, parseYAML(t, filepath.Join(d.example, ".github", "workflows", workflow)), "jobs", name)
	temp := t.TempDir()
	values := map[string]string{"github.event.pull_request.number": fmt.Sprint(request), "github.token": "gh-" + marker,
		"github.event.pull_request.head.sha": sha(request, "b"), "runner.temp": temp}
	for name, value := range d.settings {
		kind := "vars."
		if slices.Contains([]string{"AD_PASSWORD", "STATE_URL", "DIRFORM_KEY"}, name) {
			kind = "secrets."
		}
		values[kind+name] = value
	}
	if merge := "head-" + sha(request, "a"); request > 0 && name == "plan" {
		write(t, d.store, merge, sha(request, "b"))
	}
	all := d.resolve(gitHubExpression, values, at[map[string]any](t, job, "env"))
	for name, value := range map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com",
		"GITHUB_REPOSITORY": "contoso/directory", "GITHUB_RUN_ID": "1", "GITHUB_SHA": sha(request, "a"), "RUNNER_TEMP": temp,
		"GITHUB_STEP_SUMMARY":          filepath.Join(d.store, "summary.md"),
		"ACTIONS_ID_TOKEN_REQUEST_URL": d.issuer + "/github?run=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": jobToken} {
		all[name] = value
	}
	for _, s := range at[[]any](t, job, "steps") {
		if status != 0 && at[string](t, s, "if") != "always()" {
			continue
		}
		if uses := at[string](t, s, "uses"); strings.HasPrefix(uses, "actions/upload-artifact@") {
			with := d.resolve(gitHubExpression, values, at[map[string]any](t, s, "with"))
			if _, err := os.Stat(with["path"]); err == nil || with["if-no-files-found"] != "ignore" {
				d.keep(with["path"], with["name"])
			}
			continue
		}
		script := at[string](t, s, "run")
		if script == "" {
			continue
		}
		if at[string](t, s, "shell") != "bash" {
			t.Errorf("%s: a step that some runner gives to another shell", workflow)
		}
		env := d.resolve(gitHubExpression, values, at[map[string]any](t, s, "env"))
		for name, value := range all {
			env[name] = value
		}
		now, out := d.script(clone, script, env, "--noprofile", "--norc", "-eo", "pipefail")
		t.Logf("%s, %v: %d\n%s", workflow, s.(map[string]any)["name"], now, out)
		status = max(status, now)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("%s leaves %v on the machine", workflow, left)
	}
	return status
}

func (d *team) gitLab(name, clone string, request int) int {
	t := d.t
	doc := parseYAML(t, filepath.Join(d.example, ".gitlab-ci.yml"))
	var lines []string
	for _, line := range at[[]any](t, doc, name, "script") {
		lines = append(lines, line.(string))
	}
	message := "Merge branch 'x' into 'main'\n\nSomething\n"
	if request > 0 {
		message += fmt.Sprintf("\nSee merge request contoso/directory!%d\n", request)
	}
	status, out := d.script(clone, strings.Join(lines, "\n"), map[string]string{"GITLAB_CI": "true", "CI_PROJECT_ID": "12",
		"CI_API_V4_URL": "https://ci.example/api/v4", "CI_JOB_TOKEN": "job-token", "CI_COMMIT_SHA": sha(request, "a"),
		"CI_COMMIT_MESSAGE": message, "CI_JOB_URL": "https://ci.example/jobs/1", "ARM_OIDC_TOKEN": d.token,
		"DIRFORM_ALLOW_HOSTS": d.settings["DIRFORM_ALLOW_HOSTS"], "DIRFORM_VAR_ad_bind_dn": d.settings["AD_BIND_DN"],
		"DIRFORM_SECRET_ad_password": d.settings["AD_PASSWORD"], "DIRFORM_SECRET_state_url": d.settings["STATE_URL"],
		"DIRFORM_SECRET_dirform_key": d.settings["DIRFORM_KEY"], "AZURE_CLIENT_ID": d.settings["AZURE_CLIENT_ID"]}, "-eo", "pipefail")
	t.Logf("%s: %d\n%s", name, status, out)
	if name == "plan" && status == 0 {
		d.keep(filepath.Join(clone, at[[]any](t, doc, name, "artifacts", "paths")[0].(string)), d.artifact(request))
	}
	return status
}

var (
	azureExpression = regexp.MustCompile(`\$\(([A-Za-z.]+)\)`)
	azureSetting    = regexp.MustCompile(`(?m)^##vso\[task\.setvariable variable=(\w+)\](.*)$`)
)

func (d *team) azure(stage, clone string, request int) (status int) {
	t := d.t
	var job any
	for _, s := range at[[]any](t, parseYAML(t, filepath.Join(d.example, "azure-pipelines.yml")), "stages") {
		if at[string](t, s, "stage") == stage {
			job = at[[]any](t, s, "jobs")[0]
		}
	}
	steps := at[[]any](t, job, "steps")
	if steps == nil {
		steps = at[[]any](t, job, "strategy", "runOnce", "deploy", "steps")
	}
	temp := t.TempDir()
	values := map[string]string{"allowHosts": d.settings["DIRFORM_ALLOW_HOSTS"], "adBindDN": d.settings["AD_BIND_DN"],
		"adPassword": d.settings["AD_PASSWORD"], "stateURL": d.settings["STATE_URL"], "dirformKey": d.settings["DIRFORM_KEY"],
		"clientID": d.settings["AZURE_CLIENT_ID"], "connectionID": "connection-1", "System.AccessToken": jobToken,
		"System.TeamProjectId": "project", "System.DefinitionId": "3", "Agent.TempDirectory": temp}
	message := "Something"
	if request > 0 {
		message = fmt.Sprintf("Merged PR %d: Something", request)
	}
	for _, s := range steps {
		if path := at[string](t, s, "publish"); path != "" {
			d.keep(d.resolve(azureExpression, values, map[string]any{"": path})[""], d.artifact(request))
		}
		if at[string](t, s, "task") == "DownloadPipelineArtifact@2" {
			inputs := d.resolve(azureExpression, values, at[map[string]any](t, s, "inputs"))
			if want := fmt.Sprintf("refs/pull/%d/merge", request); inputs["runBranch"] != want {
				t.Fatalf("%s instead of %s", inputs["runBranch"], want)
			}
			content, err := os.ReadFile(filepath.Join(d.store, d.artifact(request)))
			must(t, err)
			write(t, inputs["path"], "plan.dfplan", string(content))
		}
		script := at[string](t, s, "bash")
		if script == "" {
			continue
		}
		env := d.resolve(azureExpression, values, at[map[string]any](t, s, "env"))
		for name, value := range map[string]string{"TF_BUILD": "True", "SYSTEM_OIDCREQUESTURI": d.issuer + "/pipelines",
			"AGENT_TEMPDIRECTORY": temp, "BUILD_SOURCEVERSION": sha(request, "a"), "BUILD_SOURCEVERSIONMESSAGE": message} {
			env[name] = value
		}
		now, out := d.script(clone, script, env, "--noprofile", "--norc")
		t.Logf("%s, %v: %d\n%s", stage, s.(map[string]any)["displayName"], now, out)
		for _, set := range azureSetting.FindAllStringSubmatch(out, -1) {
			values[set[1]] = set[2]
		}
		if now != 0 {
			return now
		}
	}
	return 0
}

// writes is how often either directory was written to.
func (d *team) writes() int {
	ad, tenant := d.lab.WriteAttempts()
	return ad + tenant
}

// wrote runs a job and checks its status, and whether it writes to a directory.
func (d *team) wrote(what string, want bool, statuses []int, job func() int) {
	d.t.Helper()
	before := d.writes()
	status := job()
	if wrote := d.writes() > before; wrote != want || !slices.Contains(statuses, status) {
		d.t.Errorf("%s: status %d, %d writes", what, status, d.writes()-before)
	}
}

// kill kills the commands of that name which the team's jobs are running.
func (d *team) kill(command string) {
	d.t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(d.t, err)
	for _, path := range found {
		line, _ := os.ReadFile(path)
		env, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		if bytes.HasPrefix(line, []byte("dirform\x00"+command+"\x00")) && bytes.Contains(env, []byte("STORE="+d.store+"\x00")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			must(d.t, err)
			must(d.t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
}

// settled checks that nothing is left to do.
func (d *team) settled(s system) {
	d.t.Helper()
	const request = 999
	d.wrote("a last plan", false, []int{0}, func() int { return s.plan(d, d.clone(nil), request) })
	d.mu.Lock()
	defer d.mu.Unlock()
	if printed := d.printed.String(); !strings.Contains(printed[strings.LastIndex(printed, "Read Active Directory")-200:], "No changes") {
		d.t.Error("something is left to do")
	}
}

// TestPipelines plays weeks of a team with each example's pipelines, and those who attack it by way of a pull request.
func TestPipelines(t *testing.T) {
	t.Parallel()
	server := storetest.StartServer(t)
	played := rand.IntN(len(systems)) // in the short form, since all their jobs give dirform the same
	for i, s := range systems {
		if i != played && !quick.Long() {
			continue
		}
		database := server.Database()
		t.Run(s.example, func(t *testing.T) {
			t.Parallel()
			d := newTeam(t, s.example, database)
			playTeam(t, d, s)
			attackTeam(t, d, s)
			for _, secret := range []string{d.settings["AD_PASSWORD"], d.settings["STATE_URL"], d.settings["DIRFORM_KEY"], jobToken, "gh-" + marker} {
				if strings.Contains(d.printed.String(), secret) {
					t.Errorf("a secret was printed: %s", secret)
				}
			}
		})
	}
}

func playTeam(t *testing.T, d *team, s system) {
	done, failed := []int{0}, []int{1}
	d.wrote("the first request", false, done, func() int { return s.plan(d, d.clone(nil), 1) })
	d.wrote("a commit that nobody reviewed", false, failed, func() int { return s.apply(d, d.clone(nil), 0) })
	d.wrote("its merge", true, done, func() int { return s.apply(d, d.clone(nil), 1) })
	d.wrote("a quiet night", false, done, func() int { return s.drift(d, d.clone(nil)) })
	must(t, d.lab.SetTenant("linked@contoso.com", "department", "Somebody's idea"))
	d.wrote("a night after somebody's change", false, []int{s.drifted}, func() int { return s.drift(d, d.clone(nil)) })
	if text, _ := os.ReadFile(filepath.Join(d.store, "issue.md")); s.drifted == 0 && !bytes.Contains(text, []byte("linked@\u200bcontoso.com")) {
		t.Errorf("no issue was opened:\n%s", text)
	}
	must(t, d.lab.SetTenant("linked@contoso.com", "department", "Sales"))

	// two requests, planned against the same record
	must(t, d.lab.SetAD("linked", "department", []string{"Revenue"}))
	d.wrote("the second request", false, done, func() int { return s.plan(d, d.clone(nil), 2) })
	must(t, d.lab.SetAD("same", "title", []string{"Clerk"}))
	d.wrote("the third request", false, done, func() int { return s.plan(d, d.clone(nil), 3) })
	d.wrote("the merge of the second", true, done, func() int { return s.apply(d, d.clone(nil), 2) })
	d.wrote("the merge of the third, of which half is done", true, []int{0, 3}, func() int { return s.apply(d, d.clone(nil), 3) })
	d.settled(s)

	// what else came with the merge was in no plan
	must(t, d.lab.SetAD("same", "title", []string{"Head clerk"}))
	d.wrote("the fourth request", false, done, func() int { return s.plan(d, d.clone(nil), 4) })
	must(t, d.lab.SetAD("quiet", "title", []string{"Clerk"}))
	d.wrote("its merge", true, done, func() int { return s.apply(d, d.clone(nil), 4) })
	for who, want := range map[string]string{"same@contoso.com": "Head clerk", "quiet@contoso.com": ""} {
		text, err := d.lab.ShowTenant(who)
		must(t, err)
		var u struct{ JobTitle string }
		if must(t, json.Unmarshal(text, &u)); u.JobTitle != want {
			t.Errorf("%s is %q", who, u.JobTitle)
		}
	}

	// two pipelines at once, one of which is cancelled
	d.wrote("the fifth request", false, done, func() int { return s.plan(d, d.clone(nil), 5) })
	d.wrote("two merges at once", true, []int{0, 3}, func() int {
		var wg sync.WaitGroup
		var first int
		wg.Go(func() { first = s.apply(d, d.clone(nil), 5) })
		second := s.apply(d, d.clone(nil), 5)
		wg.Wait()
		return max(first, second)
	})
	d.settled(s)

	// a job is killed while it writes; the next one goes on
	for i := range 5 {
		must(t, d.lab.SetAD([]string{"linked", "leaver", "same", "lost", "quiet"}[i], "company", []string{"Contoso"}))
	}
	d.wrote("the sixth request", false, done, func() int { return s.plan(d, d.clone(nil), 6) })
	before := d.writes()
	d.lab.SetFaults(lab.Faults{Latency: 300 * time.Millisecond})
	killed := make(chan int)
	go func() { killed <- s.apply(d, d.clone(nil), 6) }()
	for d.writes() == before {
		time.Sleep(time.Millisecond)
	}
	d.kill("apply")
	if status := <-killed; status == 0 {
		t.Error("it was not killed")
	}
	d.lab.SetFaults(lab.Faults{})
	if status := s.apply(d, d.clone(nil), 6); status != 0 {
		t.Errorf("after it was killed: status %d", status)
	}
	d.settled(s)
}

// attackTeam is the author of a pull request who may write any file of it, but does not have the key.
func attackTeam(t *testing.T, d *team, s system) {
	failed := []int{1}
	leak := "\nmapping \"leak\" {\n  scope = scope.staff\n  attributes {\n    jobTitle = %s\n  }\n}\n"
	main, err := os.ReadFile(filepath.Join(d.example, "main.hcl"))
	must(t, err)
	hosts := func(old, now string) map[string]string {
		if !strings.Contains(d.served, old) {
			t.Fatalf("no %s", old)
		}
		return map[string]string{"providers.hcl": regexp.MustCompile(regexp.QuoteMeta(old)+`[^\n]*`).ReplaceAllString(d.served, now)}
	}
	const request = 66
	for name, changed := range map[string]map[string]string{
		"a domain controller of the author's": hosts("url      = \"ldaps", `url = "ldaps://dc1.evil.example"`),
		"a tenant of the author's":            hosts("endpoint =", `endpoint = "https://graph.evil.example/v1.0"`),
		"an authority of the author's":        hosts("authority =", `authority = "https://login.evil.example"`),
		"a database of the author's":          hosts("url  = var.state_url", `url = "postgres://db.evil.example/d"`),
		"two databases, one of them known":    hosts("url  = var.state_url", `url = "postgres://127.0.0.1,db.evil.example/d"`),
		"a database in an option":             hosts("url  = var.state_url", `url = "postgres:///d?host=db.evil.example"`),
		"the secret's address with more":      hosts("url  = var.state_url", `url = "${var.state_url}?host=db.evil.example"`),
		"a password that is not sensitive":    {"main.hcl": string(main) + fmt.Sprintf(leak, "var.ad_password"), "providers.hcl": strings.ReplaceAll(d.served, "{ sensitive = true }", "{}")},
		"the key in an attribute":             {"main.hcl": string(main) + fmt.Sprintf(leak, "var.dirform_key")},
		"a part of it":                        {"main.hcl": string(main) + fmt.Sprintf(leak, "upper(substr(var.dirform_key, 0, 9))")},
		"the environment":                     {"main.hcl": string(main) + fmt.Sprintf(leak, `env("DIRFORM_SECRET_ad_password")`)},
		"a plan without encryption":           {"providers.hcl": regexp.MustCompile(`(?s)  encryption .*?  }\n`).ReplaceAllString(d.served, "")},
		"a key of the author's":               hosts("key = var.dirform_key", `key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`),
	} {
		d.wrote(name, false, failed, func() int { return s.plan(d, d.clone(changed), request) })
		if _, err := os.Stat(filepath.Join(d.store, d.artifact(request))); err == nil {
			t.Errorf("%s: a plan was kept", name)
		}
	}

	// links among the files of the request, where the job writes and reads
	treasure := filepath.Join(t.TempDir(), "treasure")
	must(t, os.WriteFile(treasure, []byte(marker+"-treasure = 1\n"), 0o600))
	for _, name := range []string{"plan.txt", "plan.dfplan", "plan.md", "comment.md", "dirform-out", "dirform.dfstate", "drift.txt", "z.hcl"} {
		clone := d.clone(nil)
		must(t, os.Symlink(treasure, filepath.Join(clone, name)))
		before := d.writes()
		s.plan(d, clone, request+1)
		if content, err := os.ReadFile(treasure); err != nil || string(content) != marker+"-treasure = 1\n" || d.writes() != before {
			t.Errorf("by a link %s something else was written: %q, %v", name, content, err)
		}
	}
	if strings.Contains(d.printed.String(), marker+"-treasure") {
		t.Error("what a link leads to was printed")
	}

	// plans that the author made or changed
	must(t, d.lab.SetAD("same", "title", []string{"Chief clerk"}))
	d.wrote("the seventh request", false, []int{0}, func() int { return s.plan(d, d.clone(nil), 7) })
	genuine, err := os.ReadFile(filepath.Join(d.store, d.artifact(7)))
	must(t, err)
	changed := bytes.Clone(genuine)
	changed[len(changed)/2] ^= 1
	for name, content := range map[string][]byte{"a changed plan": changed, "a plan cut off": genuine[:len(genuine)/2], "no plan": nil,
		"a plan in the clear": []byte(`{"dirform_plan":{"format_version":"1.0"}}` + "\n"), "a plan of another key": sealedByOthers(t)} {
		write(t, d.store, d.artifact(7), string(content))
		d.wrote(name, false, failed, func() int { return s.apply(d, d.clone(nil), 7) })
	}
	// one that is genuine, of another request: what it holds and a fresh plan demands, which reviewers of that one saw
	write(t, d.store, d.artifact(7), string(genuine))
	d.wrote("the genuine plan", true, []int{0}, func() int { return s.apply(d, d.clone(nil), 7) })
}

// TestScheduled runs what a timer and a cluster run every night, as they would: nothing has changed, then something has.
func TestScheduled(t *testing.T) {
	t.Parallel()
	d := newTeam(t, "ci-gitlab", storetest.StartServer(t).Database())
	settings := map[string]string{"DIRFORM_ALLOW_HOSTS": d.settings["DIRFORM_ALLOW_HOSTS"], "DIRFORM_VAR_ad_bind_dn": d.settings["AD_BIND_DN"],
		"DIRFORM_SECRET_ad_password": d.settings["AD_PASSWORD"], "DIRFORM_SECRET_state_url": d.settings["STATE_URL"],
		"DIRFORM_SECRET_dirform_key": d.settings["DIRFORM_KEY"], "AZURE_CLIENT_ID": d.settings["AZURE_CLIENT_ID"], "ARM_OIDC_TOKEN": d.token}
	if status, out := d.script(d.clone(nil), "dirform apply --auto-approve", settings); status != 0 {
		t.Fatalf("status %d\n%s", status, out)
	}
	jobs := map[string]func() int{"systemd": func() int { return d.timer(settings) }, "Kubernetes": func() int { return d.cronJob(settings) }}
	for name, job := range jobs {
		d.wrote(name+", a quiet night", false, []int{0}, job)
	}
	must(t, d.lab.SetTenant("linked@contoso.com", "department", "Somebody's idea"))
	for name, job := range jobs {
		d.wrote(name+", after somebody's change", false, []int{2}, job)
	}
}

// timer runs the command of the systemd unit, with its secrets in a file and all else from the environment.
func (d *team) timer(settings map[string]string) int {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "examples", "systemd", "dirform-drift.service"))
	must(d.t, err)
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/(.*)$`).FindSubmatch(text)
	if command == nil {
		d.t.Fatal("the unit starts nothing")
	}
	env, secrets, credentials := map[string]string{}, "", d.t.TempDir()
	for name, value := range settings {
		if secret, ok := strings.CutPrefix(name, "DIRFORM_SECRET_"); ok {
			secrets += fmt.Sprintf("%s = %q\n", secret, value)
		} else {
			env[name] = value
		}
	}
	write(d.t, credentials, "secrets", secrets)
	env["CREDENTIALS_DIRECTORY"] = credentials
	status, out := d.script(d.clone(nil), string(command[1]), env)
	d.t.Logf("%d\n%s", status, out)
	return status
}

// cronJob runs the command of the Kubernetes job, with the variables that it is given there and those that the cluster gives.
func (d *team) cronJob(settings map[string]string) int {
	t := d.t
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "examples", "kubernetes", "drift.yaml"))
	must(t, err)
	_, text, _ = bytes.Cut(text, []byte("\n---\n"))
	var doc map[string]any
	must(t, yaml.Unmarshal(text, &doc))
	if at[string](t, doc, "spec", "concurrencyPolicy") != "Forbid" || at[int](t, doc, "spec", "jobTemplate", "spec", "backoffLimit") != 0 {
		t.Error("two may run at once, or one again and again")
	}
	container := at[[]any](t, doc, "spec", "jobTemplate", "spec", "template", "spec", "containers")[0]
	command := "dirform"
	for _, arg := range at[[]any](t, container, "args") {
		command += " " + arg.(string)
	}
	env := map[string]string{"AZURE_CLIENT_ID": settings["AZURE_CLIENT_ID"]} // which the cluster's webhook sets, as it does a token's file
	for _, v := range at[[]any](t, container, "env") {
		name := at[string](t, v, "name")
		if env[name] = settings[name]; env[name] == "" {
			t.Errorf("nobody knows %s", name)
		}
	}
	token := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(token, []byte(d.token), 0o600))
	env["AZURE_FEDERATED_TOKEN_FILE"] = token
	status, out := d.script(d.clone(nil), command, env)
	t.Logf("%d\n%s", status, out)
	return status
}

// sealedByOthers is a file that is sealed with a key of somebody else.
func sealedByOthers(t *testing.T) []byte {
	t.Helper()
	key, err := seal.NewKey()
	must(t, err)
	var b bytes.Buffer
	w, err := seal.New(key).Writer(&b, seal.Plan)
	must(t, err)
	_, err = w.Write([]byte(`{"dirform_plan":{"format_version":"1.0"}}` + "\n"))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
