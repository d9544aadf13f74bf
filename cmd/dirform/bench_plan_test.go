package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// benchRounds is how often everything is measured, by turns, so that what else the machine does falls on all of it.
const benchRounds = 5

// Budgets. Memory grows with the number of users; what is budgeted lies between 150 MB for 100,000 and 768 MiB for 1,000,000.
const (
	budgetRatio = 1.3
	budgetCPU   = 8.0 // µs per user
	budgetStart = 50.0
)

func budgetRSS(users int) float64 {
	switch {
	case users <= 100_000:
		return 150
	case users >= 1_000_000:
		return 805
	}
	return 150 + 655*float64(users-100_000)/900_000
}

// BenchmarkPlan measures a plan of a directory where everybody is linked and nothing has changed, against the raw reads of both
// sides, in one run:
//
//	go test ./cmd/dirform -run '^$' -bench 'BenchmarkPlan$' -benchtime 1x
//
// DIRFORM_BENCH_USERS=1000000 makes it a million users. The servers run on the same machine in a process of their own, and take
// as much of it as the reading does.
func BenchmarkPlan(b *testing.B) {
	users := benchUsers(b)
	x := newBench(b, users, "--linked")
	x.succeed("apply", "--auto-approve")
	var source, tenant, wall, cpu, rss []float64
	for range b.N {
		for range benchRounds {
			source = append(source, x.timed(users, func() (drained, error) {
				return ldapFloor(x.access.AD, x.cfg.Scopes[0].OUs[0], x.sourceAttributes())
			}))
			tenant = append(tenant, x.timed(users+1, func() (drained, error) { // and the administrator
				return graphFloor(x.access.Entra, x.tenantQuery())
			}))
			u := x.succeed("plan", "--detailed-exitcode") // 0: nothing has changed
			wall, cpu = append(wall, u.Wall.Seconds()), append(cpu, u.CPU.Seconds())
			rss = append(rss, float64(u.RSS))
		}
	}
	asked := x.count(users)
	floor := max(median(source), median(tenant))
	reportCost(b, fmt.Sprintf("plan of %d unchanged users, medians of %d rounds", users, len(wall)),
		row{"floor: LDAP pages, thrown away", median(source), "ldap-floor-s", 0},
		row{"floor: Graph pages, thrown away", median(tenant), "graph-floor-s", 0},
		row{"plan", median(wall), "plan-s", 0},
		row{"plan / slower floor", median(wall) / floor, "ratio", budgetRatio},
		row{"CPU of the plan, per user", median(cpu) * 1e6 / float64(users), "µs-cpu/user", budgetCPU},
		row{"peak memory", slices.Max(rss) / 1e6, "MB-rss", budgetRSS(users)},
		row{"LDAP searches", float64(asked.LDAP), "searches", 0},
		row{"HTTP requests", float64(asked.total()), "requests", 0},
	)
}

// timed times a floor and checks that it has seen everybody.
func (x *bench) timed(users int, drain func() (drained, error)) float64 {
	x.b.Helper()
	start := time.Now()
	got, err := drain()
	took := time.Since(start)
	if err == nil && got.objects == 0 {
		_, n := pages(users)
		if got.pages != n {
			err = fmt.Errorf("%d pages instead of %d", got.pages, n)
		}
	} else if err == nil && got.objects != users {
		err = fmt.Errorf("%d entries instead of %d", got.objects, users)
	}
	if err != nil {
		x.b.Fatal(err)
	}
	return took.Seconds()
}

// count plans once more, against a lab that can be asked what it was asked, and fails the benchmark if that is more than pages.
func (x *bench) count(users int) (asked requests) {
	x.b.Helper()
	out, err := exec.Command("dirform-counted", x.dir).Output()
	if err == nil {
		err = json.Unmarshal(out, &asked)
	}
	if err != nil {
		x.b.Fatalf("dirform-counted: %v\n%s", err, out)
	}
	const besides = 12 // who the directories are, suffixes, domains, roles, the recycle bin, groups and contacts
	source, tenant := pages(users + 1)
	if asked.LDAP > source+besides || asked.total() > tenant+besides {
		x.b.Errorf("%d users took %d LDAP searches and these HTTP requests: %v", users, asked.LDAP, asked.Graph)
	}
	return asked
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// BenchmarkPlanCreates measures a plan that creates everybody, saved to a file: the most that a plan can have to say. Half as
// many users beside it show how time and memory grow.
func BenchmarkPlanCreates(b *testing.B) {
	users := benchUsers(b)
	half, all := measureCreates(b, users/2), measureCreates(b, users)
	reportCost(b, fmt.Sprintf("plan of %d creates, medians of %d rounds", users, benchRounds),
		row{"plan", all.wall, "plan-s", 0},
		row{"time per change", all.wall * 1e6 / float64(users), "µs/change", 0},
		row{"CPU per change", all.cpu * 1e6 / float64(users), "µs-cpu/change", 0},
		row{"CPU per change, of half as many", half.cpu * 1e6 / float64(users/2), "µs-cpu/change-of-half", 0},
		row{"growth of CPU (1: linear)", all.cpu / half.cpu * float64(users/2) / float64(users), "growth", 1.2},
		row{"peak memory", all.rss / 1e6, "MB-rss", budgetRSS(users)},
		row{"peak memory, of half as many", half.rss / 1e6, "MB-rss-of-half", budgetRSS(users / 2)},
	)
}

type measured struct{ wall, cpu, rss float64 }

func measureCreates(b *testing.B, users int) measured {
	x := newBench(b, users)
	var wall, cpu, rss []float64
	for range benchRounds {
		u := x.run("plan", "--detailed-exitcode", "--out", "all.dfplan")
		if want := fmt.Sprintf("Plan: %d to create", users); u.Code != cli.ExitPending || !strings.Contains(u.stdout, want) {
			b.Fatalf("status %d without %q", u.Code, want)
		}
		wall, cpu, rss = append(wall, u.Wall.Seconds()), append(cpu, u.CPU.Seconds()), append(rss, float64(u.RSS))
	}
	return measured{median(wall), median(cpu), slices.Max(rss)}
}

// BenchmarkVersion measures how long dirform takes to start and end.
func BenchmarkVersion(b *testing.B) {
	x := &bench{b: b, dir: b.TempDir()}
	x.binary = build(b, x.dir)
	var wall []float64
	for range b.N {
		for range 20 {
			wall = append(wall, x.succeed("version").Wall.Seconds()*1e3)
		}
	}
	reportCost(b, "dirform version", row{"start to end", median(wall), "ms", budgetStart})
}
