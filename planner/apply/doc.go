// Package apply carries a plan out: it takes the plan's changes as a stream, re-checks each object right before writing it,
// journals what it is about to write, writes, journals what became of it, and reads the object once more.
//
// # Order
//
// Changes are taken in the plan's order, in windows of a few hundred. A window is re-read in one go and written in waves: a
// change that needs another one (an address that must be released first) is in a later wave than that one. Within a wave,
// writes travel in batches, several at a time. An account in the recycle bin is restored, and one that another sync engine masters
// is taken over, by a request of its own before the others. References to other objects (manager) follow once both ends exist.
//
// # What is never done
//
// Nothing is written that the plan does not list. A change whose object is not as the plan saw it is skipped. Nothing is sent
// for a change that the tenant agrees with already; it is only recorded. After a lost reply nothing is created twice: the
// account is looked up by its anchor, and what stays away is sent again, at most twice, under its name, which the service gives
// to one account only.
//
// # What the record says
//
// Every write stands in the journal before it is sent. A link is recorded only after the service has confirmed the write,
// or a look at the object has. Whenever the process dies, what is in doubt are the intents without a result, and the next
// plan finds those objects by their anchors.
package apply
