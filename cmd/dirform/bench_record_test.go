package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dirform/dirform/state/store/storetest"
)

// budgetDatabase is how many times as long a plan may take with a record in a database as with one in a file.
const budgetDatabase = 1.3

// BenchmarkPlanRecords measures a plan where everybody is linked and nothing has changed, with the record in a file and
// in PostgreSQL on the same machine, by turns:
//
//	go test ./cmd/dirform -run '^$' -bench 'BenchmarkPlanRecords$' -benchtime 1x
//
// DIRFORM_BENCH_USERS=1000000 makes it a million users.
func BenchmarkPlanRecords(b *testing.B) {
	users := benchUsers(b)
	server := storetest.StartServer(b)
	x := newBench(b, users, "--linked")
	blocks := map[string]string{"file": `dirform {
  state "file" { path = "contoso.dfstate" }
}
`, "postgres": fmt.Sprintf(`dirform {
  state "postgres" {
    url  = %q
    name = "contoso"
  }
}
`, server.Database())}
	records := []string{"file", "postgres"}
	use := func(record string) {
		if err := os.WriteFile(filepath.Join(x.dir, "state.hcl"), []byte(blocks[record]), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	applied, wall, cpu, rss := map[string]float64{}, map[string][]float64{}, map[string][]float64{},
		map[string][]float64{}
	for _, record := range records {
		use(record)
		applied[record] = x.succeed("apply", "--auto-approve").Wall.Seconds()
	}
	for range b.N {
		for range benchRounds {
			for _, record := range records {
				use(record)
				u := x.succeed("plan", "--detailed-exitcode") // 0: nothing has changed
				wall[record], cpu[record] = append(wall[record], u.Wall.Seconds()), append(cpu[record], u.CPU.Seconds())
				rss[record] = append(rss[record], float64(u.RSS))
			}
		}
	}
	file, db := wall["file"], wall["postgres"]
	reportCost(b, fmt.Sprintf("plan of %d unchanged users by where the record is, medians of %d rounds", users, len(file)),
		row{"first apply, record in a file", applied["file"], "file-apply-s", 0},
		row{"first apply, record in PostgreSQL", applied["postgres"], "postgres-apply-s", 0},
		row{"plan, record in a file", median(file), "file-s", 0},
		row{"plan, record in PostgreSQL", median(db), "postgres-s", 0},
		row{"PostgreSQL / file", median(db) / median(file), "ratio", budgetDatabase},
		row{"fastest with PostgreSQL / fastest with a file", slices.Min(db) / slices.Min(file), "ratio-of-fastest", 0},
		row{"CPU of the plan, file, per user", median(cpu["file"]) * 1e6 / float64(users), "µs-cpu/user-file", 0},
		row{"CPU of the plan, PostgreSQL, per user", median(cpu["postgres"]) * 1e6 / float64(users),
			"µs-cpu/user-postgres", 0},
		row{"peak memory, file", slices.Max(rss["file"]) / 1e6, "MB-rss-file", 0},
		row{"peak memory, PostgreSQL", slices.Max(rss["postgres"]) / 1e6, "MB-rss", budgetRSS(users)},
	)
}
