package main

import (
	"io"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// deb writes a Debian package: /usr/bin/dirform and what has to be said about it. It starts nothing.
func (r *release) deb(to, arch, binary string) error {
	contents := files.Contents{
		{Source: binary, Destination: "/usr/bin/dirform", FileInfo: &files.ContentFileInfo{Mode: 0o755, MTime: r.time}},
		{Source: filepath.Join(r.tree, "LICENSE"), Destination: "/usr/share/doc/dirform/copyright",
			FileInfo: &files.ContentFileInfo{Mode: 0o644, MTime: r.time}},
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "dirform", Arch: arch, Platform: "linux", Version: r.version, Section: "admin", Priority: "optional",
		Maintainer: "dirform <dirform@users.noreply.github.com>", Homepage: "https://github.com/dirform/dirform", License: "Apache-2.0",
		Description: "plan and apply for directory synchronisation\n" +
			"Synchronises people of an Active Directory to Microsoft Entra as HCL files declare: plan shows every change and why,\n" +
			"apply makes exactly those changes.",
		MTime:        r.time,
		Overridables: nfpm.Overridables{Contents: contents, Recommends: []string{"ca-certificates"}},
	})
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	return written(to, func(w io.Writer) error { return deb.Default.Package(info, w) })
}
