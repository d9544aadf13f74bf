// Package source reads and parses a folder's files; what their blocks mean it does not know.
package source
