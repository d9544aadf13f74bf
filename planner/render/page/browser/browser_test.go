package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestMain says what is missing where the browser or dirform is not there.
func TestMain(m *testing.M) {
	for what, name := range map[string]string{"DIRFORM": os.Getenv("DIRFORM"), "Chromium": "chromium"} {
		if _, err := exec.LookPath(name); err != nil {
			fmt.Println(what, "is not there:", err)
			if os.Getenv("DIRFORM_REQUIRE_CHROMIUM") != "" {
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

const configuration = `
provider "ad" "corp" { lab = "lab" }
provider "entra" "contoso" { lab = "lab" }
scope "staff" { ou = "OU=Staff,DC=corp,DC=contoso,DC=com" }
mapping "staff" {
  scope  = scope.staff
  preset = "default"
}
`

// hostile is an object whose every text would like to be more than that, and one that gets another name.
const hostile = `
dn: CN=Eve,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: eve
userPrincipalName: eve@contoso.com
mail: eve@contoso.com
displayName: <img src=x onerror="document.title='taken'">
department: </script><script>document.title='taken'</script>
`

const people = `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Ann,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: ann
userPrincipalName: ann.married@contoso.com
mail: ann@contoso.com
displayName: Ann Married

dn: CN=Bob,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: bob
userPrincipalName: bob@contoso.com
mail: info@contoso.com
displayName: Bob
`

const tenant = `{"organization":{"id":"2f1d0a7e-5b8c-4c1e-9a60-7d4b3c2e1f00","displayName":"Contoso"},
 "domains":[{"id":"contoso.onmicrosoft.com","isInitial":true,"isVerified":true},{"id":"contoso.com","isDefault":true,"isVerified":true}],
 "users":[{"id":"11111111-1111-4111-8111-111111111111","userPrincipalName":"ann@contoso.com","mail":"ann@contoso.com","displayName":"Ann Single","accountEnabled":true}],
 "groups":[{"id":"22222222-2222-4222-8222-222222222222","displayName":"Info","mail":"info@contoso.com","proxyAddresses":["SMTP:info@contoso.com"],"mailEnabled":true,"groupTypes":["Unified"]}]}
`

// plan is what dirform plan --json says, as far as it is compared.
type plan struct {
	Summary  map[string]int
	Changes  []struct{ Action string }
	Findings []struct{ Code, Severity string }
}

// made is a folder with the page plan.html, and the plan that it shows.
func made(t *testing.T, files map[string]string) (dir string, p plan) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dirform(t, dir, "plan", "--out", "x.dfplan", "--html", "plan.html")
	if err := json.Unmarshal(dirform(t, dir, "show", "--json", "x.dfplan"), &p); err != nil {
		t.Fatal(err)
	}
	return dir, p
}

func dirform(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(os.Getenv("DIRFORM"), args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("dirform %q: %v\n%s", args, err, out)
	}
	return out
}

// tab is a page that is open, and what it complained of.
type tab struct {
	t          *testing.T
	ctx        context.Context
	mu         sync.Mutex
	complaints []string
	asked      []string // addresses
	heard      int      // requests, that for the file included
}

// open opens a file, and waits until its script is done. took is how long that was.
func open(t *testing.T, path string, width, height int64) (x *tab, took time.Duration) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath("chromium"),
		chromedp.Flag("disable-gpu", true))
	all, end := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(end)
	x = &tab{t: t}
	ctx, end := chromedp.NewContext(all, chromedp.WithListener(x.hear))
	t.Cleanup(end)
	x.ctx = ctx
	x.run(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		if err == nil {
			_, err = cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		}
		return err
	}))
	start := time.Now()
	x.run(chromedp.Navigate("file://"+path), chromedp.WaitVisible(`body[data-ready=yes]`))
	return x, time.Since(start)
}

// hear notes what is to be complained of.
func (x *tab) hear(event any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		x.complaints = append(x.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		x.complaints = append(x.complaints, fmt.Sprint("console.", e.Type))
	case *log.EventEntryAdded:
		x.complaints = append(x.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		x.heard++
		if !strings.HasPrefix(e.Request.URL, "file:") {
			x.asked = append(x.asked, e.Request.URL)
		}
	}
}

func (x *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	x.t.Helper()
	if err := chromedp.Do(x.ctx, actions...); err != nil {
		x.t.Fatal(err)
	}
}

// get is what an action finds.
func get[T any](x *tab, a chromedp.Action[T]) T {
	x.t.Helper()
	v, err := chromedp.Run(x.ctx, a)
	if err != nil {
		x.t.Fatal(err)
	}
	return v
}

// count is what the page says of how many objects it lists.
func (x *tab) count() string {
	x.t.Helper()
	return get(x, chromedp.Text("#count"))
}

// eval is the value of an expression.
func eval[T any](x *tab, expression string) T {
	x.t.Helper()
	return get(x, chromedp.Evaluate[T](expression))
}

// until waits for an expression to be true.
func until(expression string) chromedp.Action[chromedp.Void] {
	poll := chromedp.Poll[bool](expression)
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := poll(ctx, t)
		return err
	})
}

// quiet fails the test if the page complained of anything, or asked anybody for anything.
func (x *tab) quiet() {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.heard == 0 {
		x.t.Error("nobody has listened")
	}
	if len(x.complaints)+len(x.asked) > 0 {
		x.t.Errorf("the page complained: %q, asked: %q", x.complaints, x.asked)
	}
}

// TestPage looks through a page as a reviewer does.
func TestPage(t *testing.T) {
	dir, p := made(t, map[string]string{"main.hcl": configuration, "lab/corp.ldif": people + hostile,
		"lab/tenant.json": tenant})
	x, _ := open(t, filepath.Join(dir, "plan.html"), 1200, 900)
	if title := eval[string](x, "document.title"); title != "dirform plan" {
		t.Errorf("somebody has taken the page: %q", title)
	}
	all := len(p.Changes) + len(p.Findings)
	if got, want := x.count(), fmt.Sprintf("%d in all", all); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A tile filters by its action, and once more by none.
	x.run(chromedp.Click(`.tile[data-value=create]`))
	if got, want := x.count(), fmt.Sprintf("%d of %d", p.Summary["create"], all); got != want {
		t.Errorf("creates: %q, want %q", got, want)
	}
	x.run(chromedp.Click(`.tile[data-value=create]`))
	if got, want := x.count(), fmt.Sprintf("%d in all", all); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// A finding's code filters by it, and its objects are linked.
	x.run(chromedp.Click(`button[data-filter=code][data-value=DF202]`), chromedp.Click(`#list summary`),
		chromedp.WaitVisible(`#list .inner`))
	if links := eval[int](x, `document.querySelectorAll("#list .inner button").length`); links != 2 {
		t.Errorf("%d objects are linked", links)
	}
	x.run(chromedp.Click("#reset"))
	// A search, and an object with its differences marked, by the keyboard alone.
	x.run(chromedp.SendKeys("#q", "single"), until(`document.getElementById("count").textContent.startsWith("1 of")`),
		chromedp.Focus(`#list summary`), chromedp.KeyEvent("\r"), chromedp.WaitVisible(`#list .inner table`))
	if marked := eval[string](x,
		`[...document.querySelectorAll("#list del, #list ins")].map(e => e.textContent).join("|")`); !strings.Contains(marked, "Single|Married") {
		t.Errorf("marked: %q", marked)
	}
	// What a directory says is text.
	x.run(chromedp.Click("#reset"), chromedp.SendKeys("#q", "onerror"),
		until(`document.getElementById("count").textContent.startsWith("1 of")`),
		chromedp.Click(`#list summary`), chromedp.WaitVisible(`#list .inner table`))
	if images := eval[int](x, `document.querySelectorAll("img, #list script").length`); images != 0 {
		t.Errorf("%d elements are a value's", images)
	}
	x.picture("page")
	x.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme",
				Value: "dark"}}})
		return err
	}))
	if dark := eval[string](x, `getComputedStyle(document.body).backgroundColor`); dark != "rgb(13, 17, 23)" {
		t.Errorf("in the dark the page is %s", dark)
	}
	x.picture("dark")
	x.quiet()
}

// picture keeps what the page looks like in the folder DIRFORM_PICTURES, if that is set.
func (x *tab) picture(name string) {
	dir := os.Getenv("DIRFORM_PICTURES")
	if dir == "" {
		return
	}
	png := get(x, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		x.t.Fatal(err)
	}
}

// TestPhone: on a phone 360 pixels wide nothing is cut off at the side.
func TestPhone(t *testing.T) {
	dir, _ := made(t, map[string]string{"main.hcl": configuration, "lab/corp.ldif": people + hostile,
		"lab/tenant.json": tenant})
	x, _ := open(t, filepath.Join(dir, "plan.html"), 360, 740)
	if width := eval[int](x, `document.documentElement.scrollWidth`); width > 360 {
		t.Errorf("it is %d pixels wide", width)
	}
	x.picture("phone")
	x.quiet()
}

// TestHundredThousand: a plan of 100,000 changes opens in three seconds, and is filtered in a fifth of one.
func TestHundredThousand(t *testing.T) {
	dir := t.TempDir()
	dirform(t, dir, "lab", "generate", "lab", "--users", "100000")
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(configuration), 0o644); err != nil {
		t.Fatal(err)
	}
	dirform(t, dir, "plan", "--html", "plan.html", "--allow", "creates=200000")
	x, took := open(t, filepath.Join(dir, "plan.html"), 1200, 900)
	t.Logf("opened in %v: %s", took, x.count())
	for range 2 { // a machine that does something else takes longer, which is not the page's doing
		if took > 3*time.Second {
			var again time.Duration
			x, again = open(t, filepath.Join(dir, "plan.html"), 1200, 900)
			took = min(took, again)
			t.Logf("opened in %v", again)
		}
	}
	if took > 3*time.Second {
		t.Errorf("it took %v to open", took)
	}
	for _, filter := range []string{
		`(() => { const s = document.getElementById("attribute"); s.value = "displayName"; s.onchange(); })()`,
		`(() => { const s = document.getElementById("place"); s.selectedIndex = 1; s.onchange(); })()`,
	} {
		spent := eval[float64](x,
			`(() => { const start = performance.now(); `+filter+`; return performance.now() - start; })()`)
		t.Logf("filtered in %.0f ms: %s", spent, x.count())
		if spent > 200 {
			t.Errorf("a filter took %.0f ms", spent)
		}
	}
	x.quiet()
}

// TestPicture makes the picture that README.md shows, of the example that it begins with, into the folder
// DIRFORM_PICTURES.
func TestPicture(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	dirform(t, dir, "plan", "--html", "plan.html")
	x, _ := open(t, filepath.Join(dir, "plan.html"), 900, 700)
	x.run(chromedp.Click(`.row:nth-child(2) summary`), chromedp.WaitVisible(`#list .inner table`))
	x.picture("plan")
	x.quiet()
}
