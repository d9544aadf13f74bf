package run

import (
	"context"
	"fmt"
	"slices"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/scoped"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// resolveOUs finds every scope's containers. A declared OU that is gone is followed by its recorded GUID: whoever renames an OU
// must not delete its people.
func (r *Reading) resolveOUs(ctx context.Context) error {
	recorded, err := r.run.Record.OUs(ctx)
	if err != nil {
		return err
	}
	known := map[string]state.GUID{}
	for _, ou := range recorded {
		known[scoped.OUKey(ou.Scope, ou.Declared)] = ou.GUID
	}
	for _, scope := range r.Config.Scopes {
		src, err := r.run.Directories.Source(ctx, scope.Provider)
		if err != nil {
			return err
		}
		for i, name := range slices.Concat(scope.OUs, scope.Exclude) {
			exclude := i >= len(scope.OUs)
			seen, err := r.resolveOU(ctx, src, scope, name, exclude, known[scoped.OUKey(scope.Name, name)])
			if err != nil {
				return err
			}
			r.Settings.OUs[scope.Name] = append(r.Settings.OUs[scope.Name], seen)
		}
	}
	return nil
}

func (r *Reading) resolveOU(ctx context.Context, src providers.SourceReader, scope *config.Scope, name string, exclude bool, recorded state.GUID) (planner.OUSeen, error) {
	here, ok, err := src.Container(ctx, name, state.GUID{})
	if err != nil {
		return planner.OUSeen{}, err
	}
	moved, renamed := providers.Container{}, false
	if recorded != (state.GUID{}) && (!ok || here.GUID != recorded) {
		found := false
		if moved, found, err = src.Container(ctx, "", recorded); err != nil {
			return planner.OUSeen{}, err
		}
		if found && ok {
			r.Settings.Findings = append(r.Settings.Findings, reconcile.OUReplaced(scope, name, moved.DN))
		}
		if found && !ok {
			r.Settings.Findings = append(r.Settings.Findings, reconcile.OURenamed(scope, name, moved.DN, exclude))
			here, ok, renamed = moved, true, true
		}
	}
	if ok {
		return planner.OUSeen{Declared: name, DN: here.DN, GUID: here.GUID.String(), Exclude: exclude, Renamed: renamed}, nil
	}
	if exclude && recorded != (state.GUID{}) {
		return planner.OUSeen{Declared: name, GUID: recorded.String(), Exclude: true}, nil // deleted since: nothing is left to exclude
	}
	if exclude {
		return planner.OUSeen{}, &fault.Error{Summary: "Excluded OU does not exist",
			Detail: visible.Sprintf("%s: scope %q excludes %s, which the directory does not have.",
				scope.DeclaredAt, scope.Name, name),
			Hint: "Correct the distinguished name, or remove it from exclude. Nothing was planned, because those it is meant to leave out would come in."}
	}
	e := &fault.Error{Summary: "Scope OU does not exist",
		Detail: visible.Sprintf("%s: scope %q names %s, which the directory does not have.",
			scope.DeclaredAt, scope.Name, name), Hint: "Correct the distinguished name. Nothing was planned, because an empty scope would mean that everybody left."}
	if recorded != (state.GUID{}) {
		e.Detail += fmt.Sprintf(" It is recorded as container %s, which is gone too: it was deleted, or the account may not see it any more.", recorded)
	}
	return planner.OUSeen{}, e
}
