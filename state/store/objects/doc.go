// Package objects keeps a record in an object store: one object for the whole of it, and beside it a journal of what the
// run that writes has done since. What it takes of a store is a [Bucket]; the packages below have the stores themselves.
//
// # Objects
//
//	NAME                        the record, compressed: a random epoch, its SQLite file but for the links, and these
//	NAME.journal/EPOCH/NNNNNNNN what was recorded since, one object for each batch of intents, from 00000001 on
//	NAME.lock                   who has the lock, or that nobody has
//	NAME.damaged-TIME           a damaged record in whose place one was made anew
//
// All but the lock are sealed by the keys of encryption, if there are any. Each object begins with something random, since
// a store may take equal contents for equal versions.
//
// # Writing
//
// Whoever writes works on a copy of the record in a folder of its own. What is recorded there is put into the journal with
// the next intents, which are durable before they are carried out, and at the end the whole record takes the place of the
// old one under a new epoch, so that the journal before it is void. A run that was cut off leaves its journal, which
// belongs to the record until then: whoever opens that replays it.
//
// # Lock and fence
//
// The lock lasts 30 s and is renewed every 10 s; how old it is says the store's clock. Every write has a condition: that
// there is no such object yet, or that it still has the version that was read. A holder that was paused while somebody else
// took its lock over is stopped three times: the entry that it would write next is there, because whoever takes over
// appends one; the whole record has another version, because whoever takes over replaces it too; and after each entry it
// looks whether the lock is still its own. So nothing relies on conditional deletion, which some stores lack.
package objects
