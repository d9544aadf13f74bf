// Package values gives variables their values: defaults, then what the environment, files and the command line say.
package values
