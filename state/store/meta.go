package store

import (
	"crypto/rand"

	"github.com/dirform/dirform/state"
)

// Meta identifies a record.
type Meta struct {
	Exists    bool // false: there is no record; the other fields are zero
	Lineage   string
	Serial    int64  // number of runs that wrote
	SourceSID string // domain SID of the source directory
	// FormerSID is the domain SID that the record had before it was moved to SourceSID, "" if it was not. Links of then may still be
	// there, and what they name lives in no domain that is asked now.
	FormerSID string
	TenantID  string
	// Key is the record's secret, by which it has its fingerprints. It must get into nothing that outlives the run.
	Key state.Key
	// MovedTo names the place where the record goes on, "" for one that goes on here. Only [Options] open one with it.
	MovedTo string
}

// NewKey mints a key.
func NewKey() (k state.Key, err error) {
	_, err = rand.Read(k[:])
	return k, err
}

// NewLineage makes up a lineage, which enters the state with the first apply: a random UUID (RFC 9562).
func NewLineage() (string, error) {
	var id state.GUID
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	id[7], id[8] = id[7]&0x0f|0x40, id[8]&0x3f|0x80 // in the byte order of GUID
	return id.String(), nil
}
