package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector trades a little time for memory: most of what a plan keeps has no pointers, so that collecting costs next to nothing.
// While little is kept, though, a share of it would be used up every few milliseconds: it waits for a fixed amount then.
const (
	gcPercent = 25       // of what is kept is the garbage that is waited for
	gcLeast   = 16 << 20 // bytes of garbage that are waited for in any case
)

// TuneCollector makes the collector wait as the constants say, from now on. A GOGC in the environment has the last word.
func TuneCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := 0
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var tune func(*[16]byte)
	tune = func(*[16]byte) {
		metrics.Read(kept)
		want := gcPercent
		if live := max(kept[0].Value.Uint64(), 1<<20); live < gcLeast*100/gcPercent {
			want = int(gcLeast * 100 / live)
		}
		if want < percent*9/10 || want > percent*11/10 { // setting it stops the world for a moment
			was := debug.SetGCPercent(want)
			if percent != 0 && was != percent { // somebody else has set it meanwhile, who knows better
				debug.SetGCPercent(was)
				return
			}
			percent = want
		}
		runtime.SetFinalizer(new([16]byte), tune) // runs after the next collection
	}
	tune(nil)
}
