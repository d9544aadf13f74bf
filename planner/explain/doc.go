// Package explain tells why an object is in or out, how its attributes come about, how its account was looked for, and
// what would become of it.
//
// What the plan knows is told from what its stages have recorded, a [reconcile.View], and never worked out a second
// time. What only the directories and the record know, such as which scopes have an object that is in none, is asked of
// them.
package explain
