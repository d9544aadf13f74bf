package state

import "time"

// Link is a recorded pair: a source object and the tenant object it is synchronised to. It holds no personal data.
type Link struct {
	Anchor     string // base64, as in the tenant's onPremisesImmutableId
	Kind       Kind
	Scope      string // name of the scope it was last seen in
	SourceGUID GUID
	TargetID   string
	Rule       string // the match rule that paired them, "created", or [RuleRebuilt]
	// Left is set once the source object has left its scope and the leaving policy was carried out in a way that keeps the
	// record: the account is disabled or kept, and stays so until the source object comes back.
	Left bool
	// LeftAt is when that was, in seconds since 1970 (UTC): a policy's grace is counted from then. 0 is not known. Disabling an
	// account again that somebody has enabled meanwhile does not change it while the grace lasts.
	LeftAt int64
	// Fingerprints of the managed attributes as last applied, parallel to Shape; 0 where not known. See [Hasher].
	Shape        *Shape
	Fingerprints []uint64
}

// RuleRebuilt is the rule of links whose record was made anew: how the pair came about is not known any more.
const RuleRebuilt = "rebuilt"

// LeftText is LeftAt as RFC 3339 in UTC, "" if it is not known.
func (l *Link) LeftText() string {
	if l.LeftAt == 0 {
		return ""
	}
	return time.Unix(l.LeftAt, 0).UTC().Format(time.RFC3339)
}

// OU is a scope's container as the record knows it, so that a renamed OU is followed instead of emptied.
type OU struct {
	Scope    string
	Declared string // distinguished name as the configuration has it
	GUID     GUID
}
