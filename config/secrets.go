package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// SecretPrefix begins the names of environment variables that give variables values which are sensitive, whatever the
// variable's declaration says: who runs dirform decides what is a secret, not who writes the configuration.
const SecretPrefix = "DIRFORM_SECRET_"

// argument is an argument of the blocks of one type.
type argument struct{ block, name string }

// credentials are the arguments that sensitive values may go into: what they hold is sent to a server or opened as a
// file, and is never shown. Every other argument is shown somewhere, in plans, errors or logs. A new kind of credential
// is a line here.
var credentials = []argument{
	{"provider", "password"},
	{"kerberos", "keytab"},
	{"provider", "client_secret"},
	{"provider", "client_certificate_file"},
	{"provider", "access_token"},
}

// credential reports whether an argument may hold a sensitive value.
func credential(block, name string) bool { return slices.Contains(credentials, argument{block, name}) }

// credentialNames lists the arguments for sensitive values, for messages.
func credentialNames() string {
	var names []string
	for _, a := range credentials {
		names = append(names, a.name)
	}
	return strings.Join(names, ", ")
}

// secret says why a value is sensitive, and how to have one that is not.
type secret struct{ why, cure string }

// judged is what is known of an expression before it is evaluated: why its value is sensitive, nil if it is not, and
// whether it is computed, rather than taken as it was given.
type judged struct {
	secret   *secret
	computed bool
}

var fromEnv = &secret{
	"env() reads the environment, where secrets are", "Declare a variable for it and set " + EnvPrefix + "<variable>.",
}

// markSecret makes a variable sensitive, and says why; the first reason stays.
func (l *loader) markSecret(name string, s *secret) {
	if l.secretVars[name] == nil {
		l.secretVars[name] = s
	}
}

// judge looks into an expression before its first evaluation, which changes the syntax tree so that names are found no
// more, and remembers the answer, which depends on names alone and never on values.
func (l *loader) judge(e hclsyntax.Expression) judged {
	j, known := l.judgements[e]
	if !known {
		s := l.findSecret(e)
		j = judged{s, s != nil && !plainSecret(e)}
		l.judgements[e] = j
	}
	return j
}

// secretOf says why an expression's value is sensitive; nil if it is not.
func (l *loader) secretOf(e hclsyntax.Expression) *secret { return l.judge(e).secret }

func (l *loader) findSecret(e hclsyntax.Expression) *secret {
	if callsEnv(e) {
		return fromEnv
	}
	for _, t := range e.Variables() {
		var among map[string]*secret
		switch t.RootName() {
		case "var":
			among = l.secretVars
		case "local":
			among = l.secretLocals
		}
		if s := reached(t, among); s != nil {
			return s
		}
	}
	return nil
}

// reached is the sensitive one among the names that a traversal can reach: the one that it names, or any where its
// second step is not a plain name.
func reached(t hcl.Traversal, among map[string]*secret) *secret {
	if len(t) > 1 {
		switch step := t[1].(type) {
		case hcl.TraverseAttr:
			return among[step.Name]
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
				return among[step.Key.AsString()]
			}
		}
	}
	first := ""
	for name := range among {
		if first == "" || name < first {
			first = name
		}
	}
	return among[first]
}

// callsEnv reports whether an expression that was not evaluated yet reads the environment.
func callsEnv(e hclsyntax.Expression) bool {
	found := false
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if f, ok := n.(*hclsyntax.FunctionCallExpr); ok && f.Name == "env" {
			found = true
		}
		return nil
	})
	return found
}

// misplacedSecret records that a sensitive value stands where it would be shown.
func (l *loader) misplacedSecret(at *hcl.Range, name string, s *secret) {
	l.fail(at, "Sensitive value outside of credentials", "%s can't be given this value: %s. What is sensitive may be used "+
		"for credentials only (%s), because everything else is shown in plans, errors or logs. %s",
		name, s.why, credentialNames(), s.cure)
}

// plainSecret reports whether an expression is a sensitive value as it was given, var.NAME or env("NAME"). Whoever
// writes a configuration can choose it, but cannot compute anything from its value.
func plainSecret(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return e.Traversal.RootName() == "var" && len(e.Traversal) == 2
	case *hclsyntax.FunctionCallExpr:
		if e.Name != "env" || len(e.Args) != 1 {
			return false
		}
		name, ok := e.Args[0].(*hclsyntax.TemplateExpr)
		return ok && name.IsStringLiteral()
	}
	return false
}

// secrets are the sensitive values that variables and the environment have given, each once: texts, also those inside
// of lists and maps.
func (l *loader) secrets() []string {
	var texts []string
	add := func(s string) {
		if s != "" && !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
	}
	for name := range l.secretVars {
		for _, s := range textsIn(l.vars["var"].GetAttr(name)) {
			add(s)
		}
	}
	for _, entry := range l.o.Environ {
		if name, value, _ := strings.Cut(entry, "="); slices.Contains(l.asked, name) {
			add(value)
		}
	}
	slices.Sort(texts)
	return texts
}

// envNames are the names that the configuration's files, which were not evaluated yet, write out in env("NAME").
func (l *loader) envNames() (names []string) {
	for _, f := range l.cfg.Files {
		body, ok := f.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
			if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && plainSecret(call) {
				v, _ := call.Args[0].Value(nil)
				names = append(names, v.AsString())
			}
			return nil
		})
	}
	return names
}

// textsIn are the texts of a value, as far as they are known; numbers count as the text that they are written as.
func textsIn(v cty.Value) (texts []string) {
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		switch {
		case !v.IsKnown() || v.IsNull():
			return false, nil
		case v.Type() == cty.String:
			texts = append(texts, v.AsString())
		case v.Type() == cty.Number:
			texts = append(texts, fmt.Sprint(v.AsBigFloat()))
		}
		return true, nil
	})
	return texts
}
