package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/state/fault"
)

// doubleDashes gives Terraform's single-dash spelling of long options (-out=x, -json, -chdir=d) its second dash. An option's
// value, what follows "--", single letters and negative numbers stay as they are.
func doubleDashes(root *cobra.Command, args []string) []string {
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return args
	}
	flags := knownFlags(root)
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if isSingleDashed(arg) {
			arg = "-" + arg
		}
		if strings.HasPrefix(arg, "--") && i+1 < len(args) && offers(flags[strings.TrimPrefix(arg, "--")], args[i+1]) {
			i++
			arg += "=" + args[i]
		}
		out = append(out, arg)
		if takesNext(flags, arg) && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}

// isSingleDashed reports whether arg is a long option behind one dash. dirform has no options that combine single letters, so
// everything longer than one letter is, known or not: an unknown one then gets the same "did you mean".
func isSingleDashed(arg string) bool {
	if len(arg) < 3 || arg[0] != '-' || arg[1] == '-' || arg[2] == '=' {
		return false
	}
	c := arg[1] | 0x20
	return 'a' <= c && c <= 'z'
}

// optionalValues are, in an option's annotations, the values that may follow it after a blank although it can stand alone; numbers may
// as well.
const optionalValues = "optional-values"

// OptionalValue lets an option stand alone, which means alone, or be followed by a number or one of values.
func OptionalValue(f *pflag.Flag, alone string, values ...string) {
	f.NoOptDefVal, f.Annotations = alone, map[string][]string{optionalValues: values}
}

// offers reports whether next is a value for an option that can stand alone.
func offers(f *pflag.Flag, next string) bool {
	if f == nil || f.Annotations[optionalValues] == nil {
		return false
	}
	_, err := strconv.ParseFloat(next, 64)
	return err == nil || slices.Contains(f.Annotations[optionalValues], next)
}

// given is the last value of a long option in args, which doubleDashes has prepared and which may be wrong otherwise; "" if it is not
// there. One that stands alone has the value that this means.
func given(root *cobra.Command, args []string, name string) (value string) {
	flags := knownFlags(root)
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		option, text, has := strings.Cut(args[i], "=")
		if f := flags[strings.TrimPrefix(option, "--")]; !has && f != nil {
			text = f.NoOptDefVal
		}
		if takesNext(flags, args[i]) && i+1 < len(args) {
			i++
			text = args[i]
		}
		if option == "--"+name {
			value = text
		}
	}
	return value
}

// refuseEmpty gives an error for an argument or an option's value that is empty. No command takes one, and one that took it for what is
// not given would do something else than was asked, with success. No time is one before now, either.
func refuseEmpty(cmd *cobra.Command, args []string) (err error) {
	if cmd.DisableFlagParsing { // completion asks about words that are not written yet
		return nil
	}
	refuse := func(summary string) {
		err = &fault.Error{Summary: summary, Detail: "It is \"\", which is what a variable that is not set leaves of an argument.",
			Hint: "Set the variable, or leave the argument out. In a shell, \"${NAME:?}\" stops where NAME is not set."}
	}
	if slices.Contains(args, "") {
		refuse(fmt.Sprintf("%q got an empty argument", cmd.CommandPath()))
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, ok := f.Value.(pflag.SliceValue)
		if ok && (len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")) || !ok && f.Value.String() == "" {
			refuse(fmt.Sprintf("Option --%s has an empty value", f.Name))
		}
		if kind := f.Value.Type(); kind == "duration" && strings.HasPrefix(f.Value.String(), "-") {
			err = &fault.Error{Summary: fmt.Sprintf("Option --%s does not take %q", f.Name, f.Value), Hint: kinds[kind]}
		}
	})
	return err
}

// takesNext reports whether the argument after the option arg is its value.
func takesNext(flags map[string]*pflag.Flag, arg string) bool {
	name, ok := strings.CutPrefix(arg, "--")
	if !ok || strings.Contains(name, "=") {
		return false
	}
	f := flags[name]
	return f != nil && f.NoOptDefVal == ""
}

// knownFlags collects the long options of all commands. One name means one type throughout, which a test checks.
func knownFlags(root *cobra.Command) map[string]*pflag.Flag {
	flags := map[string]*pflag.Flag{}
	walk(root, func(cmd *cobra.Command) {
		collect := func(f *pflag.Flag) { flags[f.Name] = f }
		cmd.PersistentFlags().VisitAll(collect)
		cmd.Flags().VisitAll(collect)
	})
	return flags
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, c := range cmd.Commands() {
		walk(c, visit)
	}
}

func flagNames(cmd *cobra.Command) (names []string) {
	collect := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.LocalFlags().VisitAll(collect)
	cmd.InheritedFlags().VisitAll(collect)
	return names
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range subcommands(cmd) {
		names = append(names, c.Name())
	}
	return names
}
