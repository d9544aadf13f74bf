// Package config reads what a person declared: HCL files in, typed rules or diagnostics with source ranges out.
//
// [Load] takes all *.hcl files of a folder as one configuration and checks it completely without touching a network: names,
// types, references, distinguished names, filters, and every expression against the schemas of both directories. What a block
// may hold is a spec in its decode function; a new block needs an entry in topBlocks and such a function, called in Load.
//
// A diagnostic has a summary that is the same for all mistakes of its sort and a detail that says what is wrong, why, and what
// to do. testdata/mistakes holds one of each, with the expected words beside it.
//
// Secrets stay out of diagnostics: details of errors in expressions over sensitive variables or the environment are replaced,
// source lines with literal secrets and lines of variable files aren't shown, and mappings can't use sensitive variables at all,
// because what they give stands in plans.
//
// How expressions treat missing values is described in package expr.
package config
