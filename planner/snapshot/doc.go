// Package snapshot keeps a reading of both directories and of the record as one file, from which a plan can be made
// without asking either: in a pull request's job, which has no credentials.
//
// It records what the engine's interfaces give, in a wider form than one configuration asks for: all users, groups and
// contacts of a domain below the provider's base DN with every attribute that a mapping could use, all of a tenant's
// objects likewise, and the small answers about them. So it serves a configuration that has another OU, filter or
// attribute than the one it was taken with. What such a configuration names and the snapshot lacks is an error that
// names it, and is never taken for empty.
//
// # Format
//
// A snapshot is a first line, sections, and two lines of an ending:
//
//	{"dirform_snapshot":"1.0"}          exactly one, first
//	…                                   sections, gzip members: objects and links, one row each (see rows.go)
//	{"facts":FACTS,"sections":[…]}      what is no stream, and where the sections are
//	{"end":N,"sha256":"HEX"}            where the line before begins, and SHA-256 of all bytes before this line
//
// Where encryption is configured all of that stands encrypted in a file as package seal has it, and one in the clear is
// refused.
//
// # Fingerprints
//
// What was applied last is recorded as fingerprints under the record's key, which must get into nothing that others can
// read. An encrypted snapshot has that key, since whoever has the key of encryption can read the record's as well. One
// in the clear has another key, minted for it: a fingerprint that is that of a value which the snapshot holds anyway is
// made anew under it, and any other is replaced by one that fits no value.
package snapshot
