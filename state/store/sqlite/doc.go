// Package sqlite keeps a record in one local SQLite file that any SQLite tool can open.
//
// # Layouts
//
// A record says in which layout it is. One of an older dirform is read as it is, so that looking at it changes
// nothing, and is brought up to date by the first run that writes, in that run's first transaction. Older versions of
// dirform refuse it then.
//
// # No record, and no whole one
//
// A file that is not there is no record, which is not the same as an empty one: [store.Meta].Exists says so. Whatever
// is there and cannot be read as a whole record is refused (see [store.ErrDamaged]), and so is what cannot be looked
// at. A first run makes the file under a temporary name beside its place, and gives it its own with its first
// transaction, so that a record which is cut off while it is made leaves nothing that would be refused.
//
// # Crash safety
//
// Transactions are written ahead with synchronous=FULL.
//
// # When not to use this
//
// The lock relies on the operating system's file locks. On a network share that does not carry them, the lock file
// still keeps a second host out, but a dead holder is then not noticed and must be freed with dirform force-unlock.
package sqlite
