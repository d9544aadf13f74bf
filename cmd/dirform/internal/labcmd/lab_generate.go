package labcmd

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
)

func newLabGenerateCommand(a *cli.App) *cobra.Command {
	var p lab.People
	var dirty bool
	cmd := &cobra.Command{
		Use:     "generate [DIR]",
		Aliases: []string{"seed"},
		Short:   "Write a seed with many people",
		Long: `Generate writes a seed for a domain with as many people as you like, in OUs with managers, telephone numbers and the odd mistake,
and a tenant to go with it. DIR is the folder to write it to, "lab" if none is named. The same options give the same files. A seed
that exists is not overwritten. The file generated.json beside them tells a lab that it can make these people instead of reading
them, which takes seconds for a million; a seed that was edited is read.`,
		Example: `  dirform lab generate
  dirform lab generate big --users 100000 --linked
  dirform lab generate half --users 1000 --matched 0.5
  dirform lab generate old --users 10000 --dirty --matched 0.5`,
		Args: cli.Arguments(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := append(args, "lab")[0]
			generate := lab.Generate
			if dirty {
				generate = lab.GenerateDirty
			}
			if err := generate(a.Path(dir), p.Users, p.GenerateOptions); err != nil {
				return err
			}
			a.Notef("Wrote a seed of %s to %s.\n", cli.Count(p.Users, "user"), dir)
			return nil
		},
	}
	peopleFlags(cmd.Flags(), &p, 100)
	cmd.Flags().BoolVar(&dirty, "dirty", false, "every second of them has something wrong; dirty.csv says who and what")
	return cli.ExitStatus(cmd, "0  done", "1  the folder holds a seed already, or cannot be written")
}

// peopleFlags are the options that shape generated people.
func peopleFlags(f *pflag.FlagSet, p *lab.People, users int) {
	f.IntVar(&p.Users, "users", users, "make `N` people")
	f.BoolVar(&p.Linked, "linked", false, "everybody has an account that agrees with the default mapping: nothing to do but to link")
	f.Float64Var(&p.Matched, "matched", 0, "this `SHARE` of them, 0 to 1, has an account that differs in an attribute or two")
	f.Uint64Var(&p.Seed, "seed", 0, "make other people with another `NUMBER`")
}
