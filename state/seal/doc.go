// Package seal encrypts and authenticates files with the configured key.
//
// # Format
//
// A sealed file is a header, a stream of segments and a mark of its end:
//
//	magic    8 bytes   0x89 "DFSEAL" 0x0A; a conversion of line ends or to UTF-8 destroys it
//	version  1 byte    1
//	kind     1 byte    what the content is ([Plan], …), so that one sort of file cannot take the place of another
//	key id   8 bytes   which key it was made with; it follows from the key by HKDF and tells nothing about it
//	salt     32 bytes  random
//	segments           65,536 bytes each, the last one shorter: up to 65,520 bytes of content and a tag of 16 bytes
//	end      8 bytes   "DFSEND" 0x0D 0x0A
//
// Segments are AES-256-GCM under a key of the file's own: HKDF-SHA256 of the configured key, with the salt, and with
// the header up to the salt as the info. So nothing of the header can be changed without changing the key. A segment's
// nonce is its number and whether it is the last one: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár
// 2015), as Tink has it. So a segment that was changed, moved, repeated, left out or taken from another file is found
// before any of its content is handed out, and a stream that ends early before its last content is.
//
// The mark of the end proves nothing; it tells a file that is cut off from one that was changed.
//
// Whoever lacks the key can neither read a sealed file nor make one. He can put an older one of the same kind, made
// with the same key, in its place.
package seal
