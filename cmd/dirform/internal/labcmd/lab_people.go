package labcmd

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/fault"
)

// servedPeople makes o serve generated people if --users asks for them.
func servedPeople(cmd *cobra.Command, args []string, people *lab.People, o *lab.Options) error {
	if cmd.Flags().Changed("users") {
		if len(args) > 0 {
			return &fault.Error{
				Summary: "Both DIR and --users",
				Detail:  "--users serves generated people instead of what a folder holds.",
				Hint:    "Leave one of them out.",
			}
		}
		o.People = people
		return nil
	}
	for _, name := range []string{"linked", "matched", "seed"} {
		if cmd.Flags().Changed(name) {
			return &fault.Error{
				Summary: "--" + name + " without --users",
				Detail:  "--" + name + " shapes the people that --users makes.",
				Hint:    `Say how many with --users N, or write a seed with "dirform lab generate".`,
			}
		}
	}
	return nil
}

// Many people are those that take more than manyBytes. While they are served, servingGC is how much garbage, in percent of what
// lives, may gather before it is collected: pages are written into buffers that are used again, so collections stay rare, and
// memory stays close to what the people take.
const (
	manyBytes = 256 << 20
	servingGC = 15
)

// fillMemory suits the garbage collector to making people, which leaves no garbage to look for. served suits it to serving
// many, restore is for the end. A GOGC in the environment has the last word.
func fillMemory(making bool) (served, restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}, func() {}
	}
	before := debug.SetGCPercent(-1)
	if !making {
		debug.SetGCPercent(before)
	}
	served = func() {
		var m runtime.MemStats
		if runtime.ReadMemStats(&m); m.HeapAlloc > manyBytes {
			debug.SetGCPercent(servingGC)
		} else {
			debug.SetGCPercent(before)
		}
	}
	return served, func() { debug.SetGCPercent(before) }
}
