// Package years is what happens among the people of a company in a year, drawn by chance: for tests that let companies
// live one and hold what dirform makes of it against its limits.
//
// The rates are those of an ordinary company: one in twelve of its people leaves in a year and as many join, one in
// fifty gets another name, as many are away for months. Once in a year it reorganises itself, and once it moves house.
package years

import (
	"math/rand/v2"
	"slices"
	"time"
)

// What happens to somebody.
const (
	Joins       What = iota
	Leaves           // the account is disabled
	Departs          // who has left is moved out of scope, weeks later
	Renamed          // marries: another user name and address
	Promoted         // another title and department
	Phoned           // another phone number
	Unphoned         // hands the mobile phone back
	Away             // on leave: the account is disabled
	Back             // from leave
	Reorganised      // another department, with many others on the same day
	Moved            // to another office, with many others on the same day
)

// What is a kind of event.
type What uint8

// Event is something that happens to somebody. Who is a number that picks one of those to whom it can happen: of two
// events with the same one the later is about the same person.
type Event struct {
	At   time.Time
	What What
	Who  uint64
}

// Start is when years begin, a Thursday.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// rates are how often what happens to one person in a year.
var rates = []struct {
	what What
	rate float64
}{{Joins, 0.08}, {Leaves, 0.08}, {Renamed, 0.02}, {Promoted, 0.12}, {Phoned, 0.25}, {Unphoned, 0.03}, {Away, 0.02}}

// Shares of the company that the reorganisation and the move concern, and the days of the year when they are.
const (
	Reorganising, MovingHouse = 0.3, 0.4

	reorganisedOn, movedOn = 90, 244
)

// After which time whoever has left is moved out, and whoever is away comes back.
const (
	departing = 30 * 24 * time.Hour
	away      = 120 * 24 * time.Hour
)

// Of is the year of a company of so many people, in order. Another seed is another year.
func Of(people int, seed uint64) []Event {
	r := rand.New(rand.NewPCG(seed, uint64(people)))
	var events []Event
	add := func(at time.Time, what What, who uint64) { events = append(events, Event{at, what, who}) }
	for _, x := range rates {
		mean := x.rate * float64(people)
		n := int(mean)
		if r.Float64() < mean-float64(n) {
			n++
		}
		for range n {
			at, who := workingTime(r), r.Uint64()
			add(at, x.what, who)
			switch x.what {
			case Leaves:
				add(at.Add(departing), Departs, who)
			case Away:
				add(at.Add(away), Back, who)
			}
		}
	}
	for _, day := range []struct {
		on    int
		what  What
		share float64
	}{{reorganisedOn, Reorganised, Reorganising}, {movedOn, Moved, MovingHouse}} {
		at := Start.AddDate(0, 0, day.on).Add(6 * time.Hour)
		for range int(day.share * float64(people)) {
			add(at, day.what, r.Uint64())
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events
}

// workingTime is some time on some working day.
func workingTime(r *rand.Rand) time.Time {
	for {
		at := Start.AddDate(0, 0, r.IntN(365)).Add(8*time.Hour + time.Duration(r.IntN(10*3600))*time.Second)
		if d := at.Weekday(); d != time.Saturday && d != time.Sunday {
			return at
		}
	}
}
