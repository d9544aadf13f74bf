// Package ldapd is a miniature Active Directory: a directory tree held in memory and an LDAP server in front of it that
// real clients (go-ldap, ldapsearch, ldapmodify, Windows tools) can bind to, read page by page and write to.
//
// It answers as a Windows domain controller does where clients can tell: 1000 entries a page, 1500 values of an attribute at
// a time, AD's result codes, constructed attributes, tombstones, matching rules. Where Samba and Windows differ it follows
// Windows, and the conformance suite of providers/providertest lists each such case. It has one account of its own; entries whose
// password a client has set may bind as well, with AD's reasons when they may not. There is no access control beyond that.
//
// The tree is built for a million users: an entry is one fixed-size record plus one blob in which the values already have
// the form they take on the wire, so that a search copies bytes and encodes next to nothing. An entry knows its parent and its
// own relative name; distinguished names are put together when asked for, so renaming an OU costs the same whatever is below.
// DN-valued attributes (member, manager) are references between entries and follow renames by themselves.
package ldapd
