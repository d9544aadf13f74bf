// Package reconcile works out what has to change in a tenant so that it agrees with a source directory under declared
// rules.
//
// A [Builder] is fed streams of source objects, tenant objects and recorded links, concurrently and in any order; its
// stages are internal packages. Package table keeps both sides as compact rows, pair says whose account is whose, judge
// what changes and what stands against it, with the help of lint (what the service accepts of a value) and order (who
// waits for whom), and words puts findings into words. [Builder.Plan] lets them work and hands the plan to a
// [planner.Sink] change by change. A [View] answers questions about single objects from the same stages. The package is
// pure: it has no clock, no network and no log, and the same objects give the same bytes whatever the order of the
// streams.
//
// How rows are compared: every managed attribute has a keyed 64-bit fingerprint of its canonical value on both sides.
// Objects whose fingerprints agree are never looked at again; only for the others values are read back from the spool.
//
// A row that differs is decided about twice, first in the survey and again when the plan is told. What a change may do
// depends on what becomes of other rows: who is blocked, who gives up a name, whose manager gets an account, which
// administrators stay. So all outcomes must be known before the first change is told. To keep the changes until then
// would take kilobytes for each, and a plan of a million changes would not fit into memory; a row of the survey takes
// three bytes. Deciding again costs a second reading from the spool and a second evaluation of the mapping, and only
// for rows that differ.
package reconcile
