// Package files is what is told of a plan in files of their own: how an earlier one is known, which a new one may take the place of.
package files

import (
	"bytes"
	"io"

	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state/outfile"
)

// Findings is a list of findings in CSV.
var Findings = outfile.Kind{Cannot: "Cannot write the findings to", No: "is no list of findings", Example: "findings.csv",
	Own: func(begin []byte) bool { return bytes.HasPrefix(begin, []byte(render.FindingsTitle())) }}

// Script is a script that sets aliases.
var Script = outfile.Kind{Cannot: "Cannot write the script", No: "is no script of aliases", Example: "aliases.ps1",
	Own: func(begin []byte) bool { return bytes.HasPrefix(begin, []byte(render.ScriptTitle)) }}

// WriteFindings writes a plan's findings to the file path, which people call name; "" is none.
func WriteFindings(path, name string, plan render.Source) error {
	return Findings.Write(path, name, func(w io.Writer) error { return render.FindingsCSV(w, plan) })
}

// WriteScript writes the script of a plan as [render.AliasesScript] does, to the file path, which people call name; "" is none.
func WriteScript(path, name string, plan render.Digested) (n, without int, err error) {
	err = Script.Write(path, name, func(w io.Writer) (err error) {
		n, without, err = render.AliasesScript(w, plan)
		return err
	})
	return n, without, err
}
