// Package store is the record: which source object is linked to which tenant object, what was last applied to it, and
// what every run did. It is one local SQLite file that any SQLite tool can open.
//
// The record holds no names, addresses, values or credentials, and a service's error messages never enter it. What it
// has of people are pseudonyms, which both directories resolve: anchors, GUIDs and ids. What was last applied it
// remembers as fingerprints. They are sealed by a key that is minted at random with the record (see [state.Key]), so
// that the links by themselves show neither equal values nor any that could be guessed. The key stands in the same
// file; whoever has all of it can try values out.
//
// A record can be made anew from both directories, see [OpenForRebuild].
//
// # Lineage and serial
//
// A lineage names one history of a record; the first plan mints it and the first apply creates the file with it. The
// serial counts the runs that wrote. A plan remembers both, and [Store.Begin] refuses a plan that was made from
// another serial. The serial is raised in the same transaction as a run's first durable entry, which is always an
// intent or a record, never later than the first write to a directory. So a run that was killed before it could have
// written anything leaves its plan usable, and one that may have written does not.
//
// # Layouts
//
// A record says in which layout it is. One of an older dirform is read as it is, so that looking at it changes
// nothing, and is brought up to date by the first run that writes, in that run's first transaction. Older versions of
// dirform refuse it then.
//
// # What guards look back on
//
// Each journalled step says what it counts as for guards, and so a run's journal tells what it did even if it was cut
// off. The sum is kept with the run, because the journals of old runs are dropped; [Store.Recent] tells both.
//
// # No record, and no whole one
//
// A file that is not there is no record, which is not the same as an empty one: [Meta].Exists says so. Whatever is
// there and cannot be read as a whole record is refused (see [ErrDamaged]), and so is what cannot be looked at. A
// first run makes the file under a temporary name beside its place, and gives it its own with its first transaction,
// so that a record which is cut off while it is made leaves nothing that would be refused.
//
// # Crash safety
//
// Every call of a [Writer] is one durable transaction (write-ahead log, synchronous=FULL). A run that was killed
// leaves intents without results: [Store.Unfinished] lists them until the next run writes. They need no repair,
// because the next plan finds what was written by its anchor.
//
// # When not to use this
//
// The lock relies on the operating system's file locks. On a network share that does not carry them, the lock file
// still keeps a second host out, but a dead holder is then not noticed and must be freed with dirform force-unlock.
package store
