package main

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/quick"
)

// marker is a secret that must be nowhere.
const marker = "mArKeR-of-a-s3cret-7f3a"

// channel is a way by which the marker gets into an expression.
type channel struct {
	name, value string   // the expression
	blocks      string   // what it needs in the configuration
	environ     []string // in the environment
	args        []string // on the command line
	file        string   // in values.vars
}

const sensitiveVariable = "variable \"pw\" {\n  sensitive = true\n}\n"

// channels are all ways to hand a secret to an expression, and the forms that it can have there.
func channels() []channel {
	inVar := []string{"DIRFORM_VAR_pw=" + marker}
	inJob := []string{"JOB=" + marker}
	with := func(name, value string) channel {
		return channel{name: name, value: value, blocks: sensitiveVariable, environ: append(inVar, inJob...)}
	}
	list := []channel{
		with("DIRFORM_VAR", "var.pw"),
		with("template", `"x-${var.pw}-${env("JOB")}-y"`),
		with("function", `upper(var.pw)`),
		with("list", `[var.pw]`),
		with("condition", `var.pw != "" ? var["pw"] : null`),
		with("all variables", `join("", [for k, v in var : v])`),
		{name: "env", value: `env("JOB")`, environ: inJob},
		{name: "--var", value: "var.pw", blocks: sensitiveVariable, args: []string{"--var", "pw=" + marker}},
		{name: "--var-file", value: "var.pw", blocks: sensitiveVariable, args: []string{"--var-file", "values.vars"}},
	}
	list[len(list)-1].file = "pw = \"" + marker + "\"\n"
	local := with("local", "local.b")
	local.blocks += "locals {\n  b = local.a\n  a = [var.pw][0]\n}\n"
	undeclared := with("DIRFORM_SECRET", "var.pw")
	undeclared.blocks, undeclared.environ = "variable \"pw\" {}\n", []string{"DIRFORM_SECRET_pw=" + marker, "DIRFORM_VAR_pw=x"}
	byDefault := with("default", "var.pw")
	byDefault.blocks = "variable \"pw\" {\n  sensitive = true\n  default   = \"" + marker + "\"\n}\n"
	byEnv := with("env in a default", "var.job")
	byEnv.blocks = "variable \"job\" {\n  default = env(\"JOB\")\n}\n"
	return append(list, local, undeclared, byDefault, byEnv)
}

// spot is an argument of a block, which may lie in others.
type spot struct {
	path []string // block headers, outermost first
	name string
}

func (s spot) String() string { return strings.Join(s.path, "/") + "." + s.name }

// with is the configuration of a spot that is given a value: the block and what else a configuration needs.
func (s spot) with(c channel) string {
	text := fmt.Sprintf("%s = %s\n", s.name, c.value)
	for i := len(s.path) - 1; i >= 0; i-- {
		text = fmt.Sprintf("%s {\n%s}\n", s.path[i], text)
	}
	for _, block := range company {
		if header, _, _ := strings.Cut(block, " {"); header != s.path[0] {
			text += block
		}
	}
	return text + c.blocks
}

// company is a configuration, block by block. Nothing listens at its addresses.
var company = []string{
	"provider \"ad\" \"corp\" {\n  url = \"ldaps://127.0.0.1:1\"\n  bind_dn = \"CN=x\"\n  password = \"y\"\n}\n",
	"provider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n",
	"scope \"staff\" {\n  ou = \"OU=Staff,DC=corp,DC=contoso,DC=com\"\n}\n",
}

// spots finds every argument of every block by asking: what a block may hold stands in the error about what it may not.
func spots(t *testing.T) (all []spot) {
	t.Helper()
	blocks := regexp.MustCompile(`Blocks are ([a-z_, ]+)`)
	details := probe(t, "zzz {}\n")
	i := slices.IndexFunc(details, blocks.MatchString)
	if i < 0 {
		t.Fatal(details)
	}
	labels := map[string][]string{"dirform": {"dirform"}, "locals": {"locals"}, "directory_sync": {"directory_sync"},
		"provider": {`provider "ad" "corp"`, `provider "entra" "contoso"`}, "scope": {`scope "staff"`},
		"upn_suffix": {`upn_suffix "contoso.com"`}}
	for _, name := range strings.Split(blocks.FindStringSubmatch(details[i])[1], ", ") {
		headers := labels[name]
		if headers == nil {
			headers = []string{name + ` "p"`}
		}
		for _, h := range headers {
			all = append(all, inside(t, []string{h})...)
		}
	}
	return all
}

var holds = regexp.MustCompile(`Its (?:arguments are ([a-z_0-9, ]+))?(?:; its )?(?:blocks are ([a-z_, ]+))?\.`)

// inside finds the arguments of a block and of those in it.
func inside(t *testing.T, path []string) (all []spot) {
	t.Helper()
	switch path[len(path)-1] {
	case "locals":
		return []spot{{path, "x"}}
	case "attributes", "initial":
		return []spot{{path, "displayName"}, {path, "accountEnabled"}, {path, "businessPhones"}, {path, "manager"}}
	}
	text := "zzz = 1\n"
	for i := len(path) - 1; i >= 0; i-- {
		text = path[i] + " {\n" + text + "}\n"
	}
	var found []string
	for _, d := range probe(t, text) {
		if m := holds.FindStringSubmatch(d); m != nil && strings.Contains(d, `no argument "zzz"`) {
			found = m
		}
	}
	if found == nil {
		t.Fatalf("what %s may hold is not known", path)
	}
	for _, name := range strings.FieldsFunc(found[1], func(r rune) bool { return r == ',' || r == ' ' }) {
		all = append(all, spot{path, name})
	}
	for _, name := range strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' || r == ' ' }) {
		if name == "state" {
			name = `state "file"`
		}
		all = append(all, inside(t, append(slices.Clone(path), name))...)
	}
	return all
}

// probe is what validate says about a configuration.
func probe(t *testing.T, text string) (details []string) {
	t.Helper()
	env := cli.Environment{Dir: t.TempDir()}
	write(t, env.Dir, "main.hcl", text)
	return diagnosed(t, env)
}

// diagnosed is what validate says: summaries and details.
func diagnosed(t *testing.T, env cli.Environment, args ...string) (details []string) {
	t.Helper()
	_, stdout, stderr := runMain(t, env, append([]string{"validate", "--json"}, args...)...)
	if shows(stdout) || shows(stderr) {
		t.Errorf("validate shows it:\n%s\n%s", stdout, stderr)
	}
	var v config.Validation
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatal(err, stdout)
	}
	for _, d := range v.Diagnostics {
		details = append(details, d.Summary+": "+d.Detail)
	}
	return details
}

// shows reports whether a text has the marker in it, in some form.
func shows(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, strings.ToLower(marker)) ||
		strings.Contains(text, strings.ToLower(base64.StdEncoding.EncodeToString([]byte(marker))[:20]))
}

// mayBeSensitive reports whether a sensitive value may stand there: in credentials. It is passed on to local values
// and, by env(), to variables.
func mayBeSensitive(s spot, c channel) bool {
	switch s.path[len(s.path)-1] {
	case "locals":
		return true
	case `variable "p"`:
		return s.name == "default" && strings.HasPrefix(c.value, "env(")
	}
	credentials := []string{"password", "keytab", "client_secret", "client_certificate_file", "access_token"}
	return slices.Contains(credentials, s.name)
}

// everyCommand are the commands that print or write something about a configuration, of which those in loading take variables.
var (
	everyCommand = []string{"validate", "plan --log-level debug", "plan --json --out p.dfplan", "apply --auto-approve", "drift", "lint --csv -",
		"explain x@contoso.com", "fmt", "show", "show p.dfplan", "state list", "history"}
	loading = []string{"validate", "plan", "apply", "drift", "lint", "explain"}
)

// TestSecretsAreNowhere puts a marked secret into every argument of every block, by every way there is, and looks for
// it in all that dirform prints and writes. Where it may not stand it is an error.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	all := spots(t)
	if len(all) < 70 {
		t.Fatalf("only %d arguments found: %v", len(all), all)
	}
	for i, s := range all {
		if s.name != "password" && s.name != "ou" && quick.Skips(6) {
			continue
		}
		for j, c := range channels() {
			env := cli.Environment{Dir: t.TempDir(), Environ: c.environ}
			write(t, env.Dir, "main.hcl", s.with(c))
			write(t, env.Dir, "values.vars", c.file)
			details := diagnosed(t, env, c.args...)
			told := slices.ContainsFunc(details, func(d string) bool {
				return strings.HasPrefix(d, "Sensitive value outside of credentials: ")
			})
			if told == mayBeSensitive(s, c) && !otherwiseWrong(s, details) {
				t.Errorf("%s, %s: %q", s, c.name, details)
			}
			commands := []string{}
			if quick.Long() && i%len(channels()) == j || s.name == "password" || s.name == "ou" {
				commands = everyCommand
			}
			for _, command := range commands {
				args := strings.Fields(command)
				if slices.Contains(loading, args[0]) {
					args = append(args, c.args...)
				}
				searchOutput(t, fmt.Sprintf("%s, %s", s, c.name), env, args)
			}
		}
	}
}

// signInWays are the ways to sign in to a tenant, each with a marked secret in it, by the environment that makes them, from files in dir
// and a CI system at an address.
func signInWays(t *testing.T, dir, ci string) map[string][]string {
	t.Helper()
	write(t, dir, "identity-token", unsigned(map[string]any{"iss": issuedBy, "sub": "s", "aud": "a"}))
	file := filepath.Join(dir, "identity-token")
	return map[string][]string{
		"secret":            {"AZURE_CLIENT_SECRET=" + marker},
		"password":          {"AZURE_CLIENT_CERTIFICATE_PATH=" + file, "AZURE_CLIENT_CERTIFICATE_PASSWORD=" + marker},
		"workload identity": {"AZURE_FEDERATED_TOKEN_FILE=" + file},
		"GitLab":            {"GITLAB_OIDC_TOKEN=" + unsigned(map[string]any{"iss": issuedBy})},
		"no JWT":            {"ARM_OIDC_TOKEN=" + marker},
		"ended":             {"ARM_OIDC_TOKEN=" + unsigned(map[string]any{"iss": issuedBy, "exp": 1})},
		"file":              {"ARM_OIDC_TOKEN_FILE_PATH=" + file},
		"GitHub":            {"ACTIONS_ID_TOKEN_REQUEST_URL=" + ci + "/github?run=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + jobToken},
		"GitHub, refused":   {"ACTIONS_ID_TOKEN_REQUEST_URL=" + ci + "/nowhere", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + marker},
		"Azure Pipelines": {"SYSTEM_OIDCREQUESTURI=" + ci + "/pipelines", "SYSTEM_ACCESSTOKEN=" + jobToken,
			"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=connection-1"},
	}
}

// TestSignInSecretsAreNowhere signs in by every way there is, to an authority that quotes in its refusal all that it was sent.
func TestSignInSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	ci := httptest.NewServer(&tokenService{})
	defer ci.Close()
	quoted := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if base := "https://" + r.Host + "/tenant"; r.Method == http.MethodGet {
			fmt.Fprintf(w, `{"issuer":"%s/v2.0","authorization_endpoint":"%s/a","token_endpoint":"%s/oauth2/v2.0/token"}`, base, base, base)
			return
		}
		_ = r.ParseForm()
		quoted++
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":"invalid_client","error_codes":[700213],"error_description":%q}`,
			"AADSTS700213: "+r.PostForm.Get("client_secret")+r.PostForm.Get("client_assertion"))
	}))
	defer srv.Close()
	dir := t.TempDir()
	for way, environ := range signInWays(t, dir, ci.URL) {
		env := cli.Environment{Dir: t.TempDir(), Environ: environ}
		write(t, env.Dir, "main.hcl", fmt.Sprintf("provider \"ad\" \"corp\" {\n  lab = \"lab\"\n}\nprovider \"entra\" \"contoso\" {\n"+
			"  endpoint = %q\n  authority = %q\n  ca_file = %q\n  tenant_id = \"tenant\"\n  client_id = \"app\"\n}\n"+company[2],
			srv.URL+"/v1.0", srv.URL, filepath.Join(dir, "ca.pem")))
		write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
		if err := os.Mkdir(filepath.Join(env.Dir, "lab"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(env.Dir, "lab"), "corp.ldif", "dn: DC=corp,DC=contoso,DC=com\nobjectClass: domainDNS\n")
		for _, command := range []string{"plan --log-level debug --out p.dfplan", "apply --auto-approve"} {
			searchOutput(t, way, env, strings.Fields(command))
		}
	}
	if quoted != 14 { // twice each, but for the password, the token that has ended, and the job that is refused
		t.Errorf("%d secrets reached the authority", quoted)
	}
}

// otherwiseWrong reports whether the argument is refused for what it is, so that nobody looks at its value.
func otherwiseWrong(s spot, details []string) bool {
	if first := s.path[0]; first == "dirform" || first == `variable "p"` && len(s.path) == 1 {
		return len(details) > 0 // variables and local values are not known there yet
	}
	wants := []string{"Reference expected: " + s.name, "Variable's value is not constant", "Conflicting arguments",
		"Invalid type specification", "Missing argument"}
	return slices.ContainsFunc(details, func(d string) bool {
		return slices.ContainsFunc(wants, func(w string) bool { return strings.HasPrefix(d, w) })
	})
}

// searchOutput runs a command and looks for the marker in what it prints and leaves behind.
func searchOutput(t *testing.T, what string, env cli.Environment, command []string) {
	t.Helper()
	_, stdout, stderr := runMain(t, env, command...)
	if shows(stdout) || shows(stderr) {
		t.Errorf("%s: %v shows it:\n%s\n%s", what, command, stdout, stderr)
	}
	err := filepath.WalkDir(env.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "main.hcl" || d.Name() == "values.vars" {
			return err
		}
		if data, err := os.ReadFile(path); err == nil && shows(string(data)) {
			t.Errorf("%s: %v leaves it in %s", what, command, d.Name())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
