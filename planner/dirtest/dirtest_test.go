package dirtest_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/dirtest"
	"github.com/dirform/dirform/providers"
)

// options load the configuration of a folder.
func options(dir string) dirtest.Options {
	return dirtest.Options{Now: time.Now, Version: "0.1.0", Load: func(vars map[string]string) (*config.Config,
		hcl.Diagnostics) {
		return config.Load(config.Options{Dir: dir, Vars: vars, Secretless: true,
			Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	}}
}

func suite(t *testing.T, dir string) *dirtest.Suite {
	t.Helper()
	names, err := dirtest.Files(dir)
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	s, diags, err := dirtest.Load(dir, names)
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	return s
}

// TestExamplesPass runs the tests of the examples.
func TestExamplesPass(t *testing.T) {
	files, _ := filepath.Glob("../../examples/*/*" + dirtest.Suffix)
	if len(files) < 2 {
		t.Fatal(files)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		results, err := suite(t, dir).Run(context.Background(), options(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			for _, f := range r.Failures {
				t.Errorf("%s: %s: %s\n%s", dir, r.Test.Name, f.Message, f.Detail)
			}
		}
	}
}

// TestTakesMilliseconds: a test takes a few milliseconds. The bound is wide, for machines that do something else as
// well.
func TestTakesMilliseconds(t *testing.T) {
	dir := "../../examples/quickstart"
	s := suite(t, dir)
	runs, started := 0, time.Now()
	for range 10 {
		results, err := s.Run(context.Background(), options(dir))
		if err != nil {
			t.Fatal(err)
		}
		runs += len(results)
	}
	if each := time.Since(started) / time.Duration(runs); each > 100*time.Millisecond {
		t.Errorf("%d tests took %v each", runs, each)
	} else {
		t.Logf("%d tests took %v each", runs, each)
	}
}

// TestJUnitIsXML: whatever tests and failures are called, the file is XML that says it.
func TestJUnitIsXML(t *testing.T) {
	results := []*dirtest.Result{
		{Test: &dirtest.Test{Name: "a & <b> \"c\"\x1b[31m", File: "x.dirtest.hcl"}},
		{Test: &dirtest.Test{Name: "fails", File: "y.dirtest.hcl"}, Failures: []dirtest.Failure{{At: "y.dirtest.hcl:1",
			Message: "]]> \x00", Detail: "a\nb"}}},
	}
	var b bytes.Buffer
	if err := dirtest.JUnit(&b, results); err != nil {
		t.Fatal(err)
	}
	if !dirtest.JUnitFile.Own(b.Bytes()[:100]) {
		t.Error("the file is not known again")
	}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err, b.String())
		}
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil || got.Tests != 2 || got.Failures != 1 ||
		len(got.Suites) != 2 {
		t.Fatalf("%v %+v\n%s", err, got, b.String())
	}
	if c := got.Suites[1].Cases[0]; c.Failure == nil || c.Failure.Text == "" || got.Suites[0].Cases[0].Failure != nil {
		t.Errorf("%+v", got)
	}
}
