package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// planOptions are the options that plan and apply share: what the plan is made from and limited to.
type planOptions struct {
	variables
	targets, excludes []string
	allowed           []string // LIMIT=N
	failOnBlocked     bool
}

// register adds the options to a command that plans.
func (o *planOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.targets, "target", nil, "plan only for `ADDRESS`, such as user.staff or 'user.staff[\"jane@contoso.com\"]'; may be repeated")
	f.StringArrayVar(&o.excludes, "exclude", nil, "leave `ADDRESS` out of the plan; may be repeated")
	f.StringArrayVar(&o.allowed, "allow", nil, "lift one guard limit for this run, `LIMIT=N`; may be repeated")
	f.BoolVar(&o.failOnBlocked, "fail-on-blocked", false, "exit with status 1 if an object is blocked")
	o.variables.register(cmd)
}

// aimed refuses --target with addresses that nothing has: a misspelt one would look like a plan without changes.
func (o *planOptions) aimed(s planner.Summary) error {
	if len(o.targets) == 0 || s.Changes()+s.Unchanged+s.Blocked > 0 ||
		slices.ContainsFunc(o.targets, func(a string) bool { return strings.HasPrefix(a, string(state.UPNSuffix)) }) {
		return nil
	}
	return &usageError{
		summary: "Nothing has the address " + strings.Join(o.targets, " or "),
		detail:  "--target limits the plan to addresses, and no object in scope has one of those given.",
		hint:    "Write an address as plan shows it: user.staff for a scope, 'user.staff[\"jane@contoso.com\"]' for one object; quote it for the shell.",
	}
}

// limits are the lifted limits by name.
func (o *planOptions) limits() (map[string]int, error) {
	names := []string{
		config.LimitCreates, config.LimitUpdates, config.LimitDisables, config.LimitUnlinks, config.LimitRelinks,
		config.LimitDeletes, config.LimitMemberRemovals, config.LimitSourceShrink,
	}
	limits := map[string]int{}
	for _, arg := range o.allowed {
		name, value, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(value)
		known := slices.Contains(names, name)
		if err == nil && n >= 0 && known {
			limits[name] = n
			continue
		}
		e := &usageError{
			summary: fmt.Sprintf("Option --allow does not take %q", arg),
			hint:    "Write --allow LIMIT=N, where LIMIT is one of " + strings.Join(names, ", ") + ".",
		}
		if near := closest(name, names); !known && near != "" {
			e.detail = fmt.Sprintf("Did you mean %q?", near)
		}
		return nil, e
	}
	return limits, nil
}
