package ldapd

// What Windows allows by default.
const (
	maxPageSize   = 1000
	maxValRange   = 1500
	maxPagedReads = 10 // per connection; an eleventh ends the oldest
)
