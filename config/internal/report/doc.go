// Package report shows diagnostics: to people with the source line underlined, to programs as JSON.
package report
