package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is dirform's release, without the v.
const Version = "0.1.0"

// NewVersionCommand is "dirform version".
func NewVersionCommand(a *App) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print dirform's version",
		Args:  Arguments(0, 0),
		RunE:  func(*cobra.Command, []string) error { return a.printVersion(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return ExitStatus(cmd, "0  done")
}

func (a *App) printVersion(asJSON bool) error {
	if !asJSON {
		a.Printf("dirform v%s\n%s on %s/%s\n", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return nil
	}
	return a.PrintJSON(struct {
		Version  string `json:"dirform_version"`
		Revision string `json:"revision,omitempty"` // the commit it was built from
		Go       string `json:"go_version"`
		Platform string `json:"platform"`
	}{Version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
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
