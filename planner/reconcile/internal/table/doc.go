// Package table keeps both sides as compact rows: source objects, tenant objects, the recycle bin and recorded links.
//
// [Tables] takes in the streams as they are read, concurrently and in any order, and [Tables.Rows] numbers what has
// come together through over all tables, in an order that does not depend on that of the streams. Every managed
// attribute has a keyed 64-bit fingerprint of its canonical value on both sides; the values themselves lie in a spool
// and are read back for the few rows that differ. What the rows mean for each other is not decided here.
package table
