package table

import (
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// Hash gives values the fingerprints by which rows are found and compared. It is for one goroutine.
type Hash struct{ h *state.Hasher }

func newHash(key state.Key) Hash { return Hash{state.NewHasher(key)} }

// refAttr is the attribute under whose equality object ids are fingerprinted.
var refAttr = state.Attribute{Type: state.TypeReference}

// addressAttr is the attribute under whose equality addresses are fingerprinted: that of mail and userPrincipalName.
var addressAttr = state.Attribute{Equality: state.EqualFold}

// Of is the fingerprint of an attribute's value.
func (h Hash) Of(a *state.Attribute, v state.Value) uint64 { return h.h.Fingerprint(a, v) }

// ID is the fingerprint of a tenant object's id, as the value of a reference has it.
func (h Hash) ID(id string) uint64 { return h.h.Fingerprint(&refAttr, state.String(id)) }

// Address is the fingerprint of a mail address or a user name of the tenant.
func (h Hash) Address(v state.Value) uint64 { return h.h.Fingerprint(&addressAttr, v) }

// Anchor is the hash of an anchor.
func (h Hash) Anchor(anchor string) uint64 { return h.h.SumExact(anchor) }

// NameCase is of a user name as it is spelt, see [state.Hasher.NameCase].
func (h Hash) NameCase(name state.Value) uint32 { return h.h.NameCase(name.Str()) }

// Seen is the fingerprint of a source object as it was read.
func (h Hash) Seen(o *state.Object) uint64 { return h.h.Seen(o) }

// GUID is the hash of an objectGUID.
func (h Hash) GUID(g state.GUID) uint64 { return h.h.Sum(g[:]) }

// DN is the hash of a distinguished name, the same for all its spellings.
func (h Hash) DN(name string) uint64 { return h.h.SumFold(dn.Key(name)) }

// DNOf is what [Hash.DN] gives, sooner where most names have the same parent as the one before.
func (h Hash) DNOf(name string, keys *dn.Keys) uint64 { return h.h.SumFold(keys.Key(name)) }

// SourceName is the hash of a userPrincipalName at the source.
func (h Hash) SourceName(upn string) uint64 { return h.h.SumFold(upn) }
