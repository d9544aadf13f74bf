// Package planner is what a plan is: its header, changes, findings, guard results and totals, and the [Sink] that it is handed
// to. It holds types and the catalogue of findings and no engine, so that what reads, writes or shows a plan needs nothing of
// what makes one; package reconcile does that.
package planner
