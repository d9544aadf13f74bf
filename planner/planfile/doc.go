// Package planfile keeps a plan as a versioned, checksummed document that carries everything an apply needs.
//
// # Format
//
// A plan file is UTF-8 JSON Lines: one JSON object with one member per line, "\n" after each, in this order:
//
//	{"dirform_plan":HEADER}     exactly one, first: what the plan was made from (planner.Header)
//	{"change":CHANGE}           any number, in the order of execution (state.Change)
//	{"finding":FINDING}         any number (planner.Finding)
//	{"record":RECORD}           any number (planner.Record)
//	{"skipped":SKIPPED}         any number (planner.Skipped)
//	{"no_longer":CHANGE}        any number, of a plan that is held against another configuration's (state.Change)
//	{"end":{"totals":TOTALS,"findings":N,"changes":N,"records":N,"skipped":N}}
//	{"sha256":"HEX"}            exactly one, last: SHA-256 of all bytes before this line
//
// So `head -n -1 plan | sha256sum` is the checksum, and each line can be looked at with jq. The checksum shows
// accidents and careless edits; it is no signature: who may write the file can write another plan, unless plans are
// encrypted.
//
// Where encryption is configured, all of that stands encrypted in a file as package seal has it, and a file in the
// clear is refused: who lacks the key can neither read a plan nor write another one.
//
// Both directions stream: memory depends on the largest single change, not on how many there are.
//
// # What does not belong in it
//
// A plan holds directory values, so its file is readable by its owner only (0600). It never holds a secret: the planner
// maps no attribute that its schema marks Hidden, and the random passwords of new accounts are made while applying.
// This package cannot tell a secret from a name and does not try to.
package planfile
