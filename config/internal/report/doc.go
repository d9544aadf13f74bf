// Package report collects diagnostics and shows them: to people with the source line underlined, to programs as JSON.
package report
