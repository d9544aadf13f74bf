package cli

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/providers"
)

// completeOptions lets shells complete the values of options, and the files that commands take.
func (a *App) completeOptions(root *cobra.Command) {
	words := func(list ...string) cobra.CompletionFunc {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return list, cobra.ShellCompDirectiveNoFileComp
		}
	}
	var allow []string
	for _, name := range limits.Names() {
		allow = append(allow, name+"=")
	}
	values := map[string]cobra.CompletionFunc{
		"log-level": words("debug", "info", "warn", "error"), "log-format": words("text", "json"),
		"target": a.completeScopes, "exclude": a.completeScopes,
		"environment": words(config.Environments...), "throttle": words("S", "M", "L"),
		"allow": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return allow, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		},
		"chdir": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	files := map[string]string{"apply": "dfplan", "show": "dfplan", "fmt": "hcl"}
	walk(root, func(cmd *cobra.Command) {
		for name, f := range values {
			if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, f) // the option is there
			}
		}
		if ext := files[cmd.Name()]; ext != "" && cmd.Parent() == root {
			cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return []string{ext}, cobra.ShellCompDirectiveFilterFileExt
			}
		}
	})
}

// completeScopes are the addresses that the configuration alone tells: those of whole scopes. Objects are in the directories, which no
// shell should wait for.
func (a *App) completeScopes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	cfg, _ := config.Load(config.Options{Dir: a.Dir(), Environ: a.Env.Environ, ValuesOptional: true,
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	for _, s := range cfg.Scopes {
		for _, kind := range s.Objects {
			list = append(list, string(kind)+"."+s.Name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
