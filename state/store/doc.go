// Package store is the record: which source object is linked to which tenant object, what was last applied to it, and
// what every run did. It says what a record can be asked and told; the packages below say where one lives.
//
// The record holds no names, addresses, values or credentials, and a service's error messages never enter it. What it
// has of people are pseudonyms, which both directories resolve: anchors, GUIDs and ids. What was last applied it
// remembers as fingerprints. They are sealed by a key that is minted at random with the record (see [state.Key]), so
// that the links by themselves show neither equal values nor any that could be guessed. The key stands in the same
// record; whoever has all of it can try values out.
//
// A record can be made anew from both directories, see [Place].
//
// # Lineage and serial
//
// A lineage names one history of a record; the first plan mints it and the first apply creates the record with it. The
// serial counts the runs that wrote. A plan remembers both, and [Locked] refuses to begin a plan that was made from
// another serial. The serial is raised in the same transaction as a run's first durable entry, which is always an
// intent or a record, never later than the first write to a directory. So a run that was killed before it could have
// written anything leaves its plan usable, and one that may have written does not.
//
// # What guards look back on
//
// Each journalled step says what it counts as for guards, and so a run's journal tells what it did even if it was cut
// off. The sum is kept with the run, because the journals of old runs are dropped.
//
// # Crash safety
//
// Every call of a [Writer] is one durable transaction. A run that was killed leaves intents without results, which are
// listed until the next run writes. They need no repair, because the next plan finds what was written by its anchor.
package store
