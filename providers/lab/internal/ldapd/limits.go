package ldapd

import "time"

// What Windows allows by default.
const (
	defaultPageSize = 1000
	defaultValRange = 1500
	maxPagedReads   = 10 // per connection; an eleventh ends the oldest
)

// Limits makes a server small or faulty for tests. The zero value is a Windows domain controller with its default limits.
type Limits struct {
	Latency          time.Duration // waits this long before every response
	DropAfterEntries int           // closes a connection after this many search entries; 0: never
	Busy             int           // answers this many searches and writes with busy (51) first; below zero: all
	ReadOnly         bool          // refuses every write with 50; see Server.WriteAttempts
	Writable         []string      // if not nil, the only attributes that can be modified: what a delegated account sees
	NoPageCookie     bool          // every page claims to be the last
	PageSize         int           // MaxPageSize; 0: 1000
	ValRange         int           // MaxValRange; 0: 1500
}

func (l *Limits) pageSize() int {
	if l.PageSize > 0 {
		return l.PageSize
	}
	return defaultPageSize
}

func (l *Limits) valRange() int {
	if l.ValRange > 0 {
		return l.ValRange
	}
	return defaultValRange
}
