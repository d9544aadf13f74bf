// Package config reads what a person declared: HCL files in, typed rules or diagnostics with source ranges out.
//
// [Load] takes all *.hcl files of a folder as one configuration and checks it completely without touching a network: names,
// types, references, distinguished names, filters, and every expression against the schemas of both directories. What a block
// may hold is a spec in its decode function; a new block needs an entry in topBlocks and such a function, called in Load.
//
// A diagnostic has a summary that is the same for all mistakes of its sort and a detail that says what is wrong, why, and what
// to do. testdata/mistakes holds one of each, with the expected words beside it.
//
// Sensitive values, which are those of variables that are declared sensitive or set by DIRFORM_SECRET_NAME, and what env() gives,
// go into the arguments of the table credentials only, by themselves or by way of local values. That is decided by names, before
// anything is evaluated. Diagnostics do not show them: source lines with literal secrets and lines of variable files are left out,
// and expressions that fail for a sensitive value are reported all together, so that not even the place tells anything about it.
//
// How expressions treat missing values is described in package expr.
package config
