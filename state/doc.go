// Package state is dirform's vocabulary: what a directory object is, what its attributes hold, and what a change to it looks
// like. Every other package speaks in these words and none of them has an object model of its own; this package imports
// nothing of ours.
//
// The same [Object] stands for a desired account (a mapping's result), a live one (read from a directory) and a recorded one.
// A [Change] is data: it survives JSON both ways, so a plan can be reviewed, stored and executed later by another process.
package state
