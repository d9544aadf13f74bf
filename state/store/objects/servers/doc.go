// Package servers holds the places in object stores to what they promise on servers of others: Azurite, gofakes3,
// fake-gcs-server and Versity's S3 gateway. Processes of dirform are killed, cut off and robbed there, of which the
// short form tries a part, and with DIRFORM_LONG=1 the long form all, for some ten minutes. It is a module of its own,
// so that dirform depends on none of the servers, and has tests only.
package servers
