// Package signin gets access tokens for Microsoft Graph, by whichever way of signing in is configured, and renews them.
package signin
