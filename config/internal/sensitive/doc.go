// Package sensitive tells by names, before anything is evaluated, which values of a configuration are sensitive, and
// keeps them out of diagnostics.
package sensitive
