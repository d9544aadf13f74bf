package expr

import (
	"errors"
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/dirform/dirform/state"
)

// stringFunctions are Terraform's functions of strings.
func stringFunctions() []Function {
	return []Function{
		std("lower", "lower(string)", "The string in lower case.", `lower("Jane") = "jane"`, stdlib.LowerFunc, textFunc(strings.ToLower)),
		std("upper", "upper(string)", "The string in upper case.", `upper("hu") = "HU"`, stdlib.UpperFunc, textFunc(strings.ToUpper)),
		std("title", "title(string)", "The first letter of each word in upper case.", `title("jane doe") = "Jane Doe"`, stdlib.TitleFunc, nil),
		std("trimspace", "trimspace(string)", "Without white space at both ends.", `trimspace(" x ") = "x"`, stdlib.TrimSpaceFunc, textFunc(strings.TrimSpace)),
		std("trim", "trim(string, characters)", "Without any of the characters at both ends.", `trim("?!x!", "!?") = "x"`, stdlib.TrimFunc, textFunc2(strings.Trim)),
		std("trimprefix", "trimprefix(string, prefix)", "Without the prefix, if it is there.", `trimprefix("smtp:a@b", "smtp:") = "a@b"`, stdlib.TrimPrefixFunc, textFunc2(strings.TrimPrefix)),
		std("trimsuffix", "trimsuffix(string, suffix)", "Without the suffix, if it is there.", `trimsuffix("jane.adm", ".adm") = "jane"`, stdlib.TrimSuffixFunc, textFunc2(strings.TrimSuffix)),
		std("chomp", "chomp(string)", "Without line ends at the end.", `chomp("x\n") = "x"`, stdlib.ChompFunc, nil),
		std("indent", "indent(spaces, string)", "Every line but the first indented.", `indent(2, "a\nb") = "a\n  b"`, bounded(stdlib.IndentFunc, indented), nil),
		std("substr", "substr(string, offset, length)", "Part of the string, in characters; length -1 means to the end.", `substr("Doe", 0, 1) = "D"`, stdlib.SubstrFunc, nil),
		std("replace", "replace(string, substring, replacement)", "All occurrences replaced; /…/ is a regular expression.", `replace("a-b", "-", ".") = "a.b"`, replaceFunc(), nativeReplace()),
		std("regex", "regex(pattern, string)", "The first match: a string, or a list or object of its groups; an error if nothing matches.", `regex("[0-9]+", "room 12") = "12"`, stdlib.RegexFunc, nil),
		std("regexall", "regexall(pattern, string)", "All matches.", `regexall("[0-9]", "a1b2") = ["1", "2"]`, bounded(stdlib.RegexAllFunc, groupsOf), nil),
		std("split", "split(separator, string)", "The parts between the separators.", `split(".", "jane.doe") = ["jane", "doe"]`, stdlib.SplitFunc, nativeSplit()),
		std("strrev", "strrev(string)", "Back to front.", `strrev("abc") = "cba"`, stdlib.ReverseFunc, nil),
		std("format", "format(pattern, value, …)", "Values in a pattern with %s, %d …", `format("%s-%03d", "x", 7) = "x-007"`, bounded(stdlib.FormatFunc, formatted), nil),
		std("formatdate", "formatdate(pattern, time)", "An RFC 3339 time in another form.", `formatdate("YYYY-MM-DD", "2026-01-02T03:04:05Z") = "2026-01-02"`, stdlib.FormatDateFunc, nil),
		predicate("startswith", "startswith(string, prefix)", "Whether it begins with the prefix.", `startswith("smtp:a@b", "smtp:") = true`, strings.HasPrefix),
		predicate("endswith", "endswith(string, suffix)", "Whether it ends with the suffix.", `endswith("a@contoso.com", "@contoso.com") = true`, strings.HasSuffix),
	}
}

// std is one of go-cty's functions under Terraform's name, null giving null.
func std(name, signature, summary, example string, f function.Function, n *native) Function {
	return Function{Name: name, Signature: signature, Summary: summary, Example: example, call: tolerant(f, nullGivesNull), native: n}
}

// predicate is a question about two strings, which is false for null.
func predicate(name, signature, summary, example string, f func(s, t string) bool) Function {
	n := &native{in: []kind{textKind, textKind}, out: boolKind, nonnull: true, nulls: nullGivesFalse}
	n.f2 = func(a, b state.Value) (state.Value, error) { return state.Bool(f(a.Str(), b.Str())), nil }
	return Function{Name: name, Signature: signature, Summary: summary, Example: example, call: n.function("string", "part"), native: n}
}

func textFunc(f func(string) string) *native {
	return &native{in: []kind{textKind}, out: textKind, nonnull: true, f1: func(a state.Value) (state.Value, error) {
		return textValue(f(a.Str())), nil
	}}
}

func textFunc2(f func(s, t string) string) *native {
	return &native{in: []kind{textKind, textKind}, out: textKind, nonnull: true, f2: func(a, b state.Value) (state.Value, error) {
		return textValue(f(a.Str(), b.Str())), nil
	}}
}

// replaceFunc is Terraform's replace, which takes a pattern between slashes for a regular expression.
func replaceFunc() function.Function {
	text := func(name string) function.Parameter { return function.Parameter{Name: name, Type: cty.String} }
	return function.New(&function.Spec{
		Params: []function.Parameter{text("string"), text("substring"), text("replacement")},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := replace(args[0].AsString(), args[1].AsString(), args[2].AsString())
			if err != nil {
				return cty.UnknownVal(cty.String), function.NewArgError(1, err)
			}
			return cty.StringVal(s), nil
		},
	})
}

func replace(s, old, new string) (string, error) {
	if !isPattern(old) {
		if err := replaced(s, strings.Count(s, old), new); err != nil {
			return "", err
		}
		return strings.ReplaceAll(s, old, new), nil
	}
	re, err := regexp.Compile(old[1 : len(old)-1])
	if err != nil {
		return "", errors.New("the substring between slashes is not a valid regular expression: " + err.Error())
	}
	if err := expanded(s, new); err != nil {
		return "", err
	}
	return re.ReplaceAllString(s, new), nil
}

func isPattern(s string) bool { return len(s) > 1 && s[0] == '/' && s[len(s)-1] == '/' }

func nativeReplace() *native {
	return &native{in: []kind{textKind, textKind, textKind}, out: textKind, nonnull: true, fails: true, f3: func(a, b, c state.Value) (state.Value, error) {
		s, err := replace(a.Str(), b.Str(), c.Str())
		return textValue(s), err
	}}
}

func nativeSplit() *native {
	return &native{in: []kind{textKind, textKind}, out: listKind, nonnull: true, f2: func(sep, s state.Value) (state.Value, error) {
		parts := strings.Split(s.Str(), sep.Str())
		for i := range parts {
			parts[i] = state.NFC(parts[i])
		}
		return state.List(parts), nil
	}}
}
