// Package guards holds a whole plan against limits: what its changes count as, what share of which base that is, and
// whether a limit trips. Which limits there are says package config/limits; what a configuration makes of them is in
// force.go.
//
// A [Tally] counts a plan. Limits on actions add what the runs of the last 24 hours did, so that a mistake in slices
// trips them as well; what these runs were expressly allowed to do is not in their deeds. A step that was cut off in
// flight may have been done or not: where the plan makes it again it is counted once.
package guards
