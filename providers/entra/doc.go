// Package entra reads and writes a Microsoft Entra tenant through Microsoft Graph v1.0.
//
// A [Reader] streams whole collections: pages of 999 objects, the next one requested while the current one is decoded by a
// scanner of its own, because the SDK's typed models cost fifty times as much per user. A [Writer] sends changes in $batch
// requests of up to 20, paced inside the service's documented quota of 3,000 writes in 150 seconds.
//
// Addresses, request building and error models come from Microsoft's SDK (its core adapter and models/odataerrors); sign-in
// comes from azidentity. Retrying is this package's own, because the SDK's middleware may resend a body under the wrong
// encoding, retries neither network errors nor the parts of a batch, and cannot tell a create from a harmless repetition.
//
// Signing in, asking the service and reading its JSON are ideas of their own, in the internal packages signin, graph and wire.
//
// A Reader cannot write: it has no such method, and below it stands a transport that refuses anything but GET and a $batch
// made of GETs.
package entra
