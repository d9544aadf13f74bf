// Package servers holds the places in object stores to what they promise on servers of others: Azurite, gofakes3,
// fake-gcs-server and Versity's S3 gateway. It is a module of its own, so that dirform depends on none of them, and has
// tests only.
package servers
