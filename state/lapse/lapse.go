// Package lapse reads lengths of time as people write them: "30d", "4w" or "72h".
package lapse

import (
	"math"
	"strconv"
	"time"
)

var units = map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// Parse reads a whole number of hours, days or weeks. What is longer than can be counted is the longest that can.
func Parse(text string) (d time.Duration, ok bool) {
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	unit := units[text[len(text)-1]]
	switch {
	case err != nil || unit == 0:
		return 0, false
	case time.Duration(n) > math.MaxInt64/unit:
		return math.MaxInt64, true
	}
	return time.Duration(n) * unit, true
}
