// Package ad reads and writes Active Directory over LDAP, on Windows or Samba domain controllers.
//
// [Reader] and [Writer] are separate types: whoever holds a Reader can't write. Both use simple binds or Kerberos inside TLS and
// refuse to send anything over an unencrypted connection.
//
// Bulk reads are fast because entries are taken off the wire by a tap below the LDAP library: the library keeps doing binds,
// controls, result codes and referrals, while entries go straight to a decoder that knows which attributes were asked for. Each
// search has a connection to itself, so the server, the transport and the decoder work at the same time.
//
// A read that is not complete ends with an error that says why and how far it got: limits of the server, references to other
// servers, missing pages, dropped connections. Facts about servers stand beside the code that depends on them; those about
// Samba were verified on 4.17.12 and 4.22.11.
package ad
