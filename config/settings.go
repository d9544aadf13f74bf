package config

import (
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
)

// decodeSettings reads the dirform block.
func (l *loader) decodeSettings() {
	for _, b := range l.byType["dirform"] {
		// The state block is the only nested block with a label.
		c := l.content(b, grammar["dirform"])
		l.checkVersion(c)
		in := c.inner["state"]
		if in == nil || !l.labels(in, blockType{name: "state", labels: []string{"type"}}) {
			continue
		}
		if in.Labels[0] != "file" {
			l.fail(&in.LabelRanges[0], "Unknown state storage", "This version keeps the state in a local file only: state \"file\" { path = … }.")
			continue
		}
		s := l.content(in, grammar["dirform.state"])
		l.cfg.StatePath = s.text("path")
	}
}

// StatePath is where the state is, for commands that need nothing else of a configuration: relative to its folder, and
// "" after the diagnostics' errors. Mistakes elsewhere, and variables without values that the path does not use, are none.
func StatePath(o Options) (path string, diags hcl.Diagnostics) {
	o.ValuesOptional = true
	l := newLoader(o)
	if l.readFiles(); l.broken {
		return "", hcl.Diagnostics(l.diags)
	}
	l.sortBlocks()
	elsewhere := len(l.diags)
	l.decodeVariables()
	l.decodeLocals()
	l.decodeSettings()
	if l.cfg.StatePath != "" {
		return l.cfg.StatePath, nil
	}
	diags = hcl.Diagnostics(l.diags[elsewhere:])
	if !diags.HasErrors() {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Where the state is depends on a value that is missing",
			Detail: "The path of the state block uses a variable without a value. Give it one with --var NAME=VALUE, --var-file FILE " +
				"or in the environment, or name the file: --state FILE."})
	}
	return "", diags
}

// checkVersion compares dirform's version with required_version.
func (l *loader) checkVersion(c *content) {
	if !c.has("required_version") {
		return
	}
	text := c.text("required_version")
	if text == "" {
		return
	}
	constraint, err := version.NewConstraint(text)
	if err != nil {
		c.bad("required_version", "Invalid version constraint", "%s is not a constraint. Write it like \">= 0.1\" or \"~> 1.2\"; commas join several.", c.shown("required_version", text))
		return
	}
	if l.o.Version == "" {
		return
	}
	have, err := version.NewVersion(l.o.Version)
	if err != nil {
		return // a development build without a version
	}
	if !constraint.Check(have.Core()) {
		c.bad("required_version", "Wrong version of dirform", "This configuration asks for dirform %s, and this is %s. Install a version that fits, or change the constraint if you know that it need not be so.", text, l.o.Version)
	}
}
