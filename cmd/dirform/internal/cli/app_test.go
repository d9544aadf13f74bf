package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/near"
)

func TestDoubleDashes(t *testing.T) {
	root := &cobra.Command{Use: "x"}
	root.PersistentFlags().String("chdir", "", "")
	root.PersistentFlags().BoolP("help", "h", false, "")
	plan := &cobra.Command{Use: "plan"}
	plan.Flags().String("out", "", "")
	plan.Flags().Bool("json", false, "")
	plan.Flags().StringArray("var", nil, "")
	plan.Flags().String("throttle", "", "")
	OptionalValue(plan.Flags().Lookup("throttle"), "auto", "S")
	root.AddCommand(plan)
	for _, c := range []struct{ in, want string }{
		{"-chdir=d plan -out=x -json", "--chdir=d plan --out=x --json"},
		{"plan -out x", "plan --out x"},
		{"--chdir d plan --out=x", "--chdir d plan --out=x"},
		{"plan -h", "plan -h"},
		{"plan --out -json", "plan --out -json"},
		{"plan -var -json=1 -json", "plan --var -json=1 --json"},
		{"plan -json -5 -12", "plan --json -5 -12"},
		{"plan -json=false -", "plan --json=false -"},
		{"plan -- -json", "plan -- -json"},
		{"plan -jsn", "plan --jsn"},
		{"plan -throttle 500 lab", "plan --throttle=500 lab"},
		{"plan --throttle S", "plan --throttle=S"},
		{"plan --throttle lab", "plan --throttle lab"},
		{"plan --throttle=M 5", "plan --throttle=M 5"},
		{"plan --out 5 --throttle", "plan --out 5 --throttle"},
		{"__complete plan -j", "__complete plan -j"},
	} {
		if got := strings.Join(doubleDashes(root, strings.Fields(c.in)), " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestClosest(t *testing.T) {
	names := []string{"plan", "apply", "validate", "version", "state"}
	for in, want := range map[string]string{
		"plam": "plan", "paln": "plan", "aply": "apply", "PLAN": "plan", "valid": "validate", "verison": "version", "x": "", "frobnicate": "", "": "",
	} {
		if got := near.Meant(in, names); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSecondOfTwoSettingsCounts(t *testing.T) {
	env := Environment{Environ: []string{"A=1", "AB=2", "A=3"}}
	if diff := cmp.Diff([]string{"3", "2", ""}, []string{env.Getenv("A"), env.Getenv("AB"), env.Getenv("B")}); diff != "" {
		t.Error(diff)
	}
}

func TestSignals(t *testing.T) {
	var stderr bytes.Buffer
	signals := make(chan os.Signal, 2)
	a := &App{Env: Environment{Signals: signals, Stderr: &stderr}}
	done := a.watchSignals()
	defer done()
	signals <- os.Interrupt
	<-a.Stop.Done()
	if a.Kill.Err() != nil {
		t.Error("the first signal ended what is in flight")
	}
	signals <- os.Interrupt
	<-a.Kill.Done()
	if code := a.exitStatus(a.Stop.Err()); code != ExitInterrupted {
		t.Errorf("status %d after an interrupt", code)
	}
}
