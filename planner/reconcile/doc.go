// Package reconcile works out what has to change in a tenant so that it agrees with a source directory under declared rules.
//
// A [Builder] is fed streams of source objects, tenant objects and recorded links, concurrently and in any order; it keeps them
// as compact rows. [Builder.Plan] then goes through the stages project, match, diff, guard and order, and hands the plan to a
// [planner.Sink] change by change. The package is pure: it has no clock, no network and no log, and the same objects give the same
// bytes whatever the order of the streams.
//
// How rows are compared: every managed attribute has a keyed 64-bit fingerprint of its canonical value on both sides. Objects
// whose fingerprints agree are never looked at again; only for the others values are read back from the spool.
package reconcile
