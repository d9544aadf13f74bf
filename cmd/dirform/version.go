package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is dirform's release, without the v.
const version = "0.1.0"

// newVersionCommand is "dirform version".
func newVersionCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print dirform's version",
		Args:  arguments(0, 0),
		RunE:  func(*cobra.Command, []string) error { return a.printVersion(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return exitStatus(cmd, "0  done")
}

func (a *app) printVersion(asJSON bool) error {
	if !asJSON {
		a.printf("dirform v%s\n%s on %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	}
	return a.printJSON(struct {
		Version  string `json:"dirform_version"`
		Revision string `json:"revision,omitempty"` // the commit it was built from
		Go       string `json:"go_version"`
		Platform string `json:"platform"`
	}{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
}

// revision is the commit the binary was built from, as the Go toolchain stamped it; "" without a stamp.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
