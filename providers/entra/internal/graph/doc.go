// Package graph asks Microsoft Graph: single requests and batches, signed in, repeated, paced and counted.
package graph
