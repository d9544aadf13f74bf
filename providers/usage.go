package providers

import "time"

// Usage is what a tenant knows of the use of an account.
type Usage struct {
	Created     time.Time // the zero time where the service does not say
	PasswordSet time.Time // when its password was set last: with the account, or later; likewise
	SignedIn    time.Time // when somebody signed in last; the zero time if nobody did
	// Tried says that SignedIn may have been no more than an attempt: the service does not tell the last success.
	Tried    bool
	Licences int
	Mailbox  bool
	Groups   int // that it is a direct member of, without those whose members a rule chooses
	Roles    int // directory roles that it is a direct member of
}

// Usages is what was found about the use of accounts.
type Usages struct {
	Of     map[string]Usage // by ids in small letters; accounts that do not live are left out
	Unread []Unread         // what the service did not tell, of any account perhaps
}

// Unread is what a service does not tell who asks.
type Unread struct {
	What string // as a sentence has it after "whether an account", such as "is in groups"
	Why  string // the service's code and the permission that it takes
}
