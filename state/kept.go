package state

import "slices"

// Kept is what a record keeps of a step so that it can be undone: what was written over, and the link as it was. Values are personal
// data, so a record keeps them only where encryption is configured, under its own key.
type Kept struct {
	Scope      string `json:"scope,omitempty"`
	SourceGUID string `json:"source_guid,omitempty"`
	Rule       string `json:"rule,omitempty"`    // of the link before the step; "" if there was none
	Left       bool   `json:"left,omitempty"`    // of that link
	LeftAt     int64  `json:"left_at,omitempty"` // likewise
	Replaced   string `json:"replaced,omitempty"`
	Values     bool   `json:"values,omitempty"` // the attributes have their values; otherwise only their names
	// Attributes were written to the tenant, Source to Active Directory.
	Attributes []KeptAttribute `json:"attributes,omitempty"`
	Source     []KeptAttribute `json:"source,omitempty"`
}

// KeptAttribute is what a step wrote, and over what.
type KeptAttribute struct {
	Name   string `json:"name"`
	Before Value  `json:"before,omitzero"`
	After  Value  `json:"after,omitzero"`
}

// KeptOf is what is kept of a change that is made; old is the recorded link before, nil if there is none.
func KeptOf(c *Change, old *Link) *Kept {
	k := &Kept{Scope: c.Scope, SourceGUID: c.SourceGUID, Values: true, Attributes: keptOf(c.Attributes), Source: keptOf(c.SourceAttributes)}
	if c.Replaces != nil {
		k.Replaced = c.Replaces.Anchor
	}
	if old != nil {
		k.Scope, k.SourceGUID, k.Rule, k.Left, k.LeftAt = old.Scope, old.SourceGUID.String(), old.Rule, old.Left, old.LeftAt
	}
	return k
}

func keptOf(list []AttributeChange) (kept []KeptAttribute) {
	for _, a := range list {
		kept = append(kept, KeptAttribute{a.Name, a.Before, a.After})
	}
	return kept
}

// WithoutValues is what is kept where nothing personal may be: the names of attributes, and pseudonyms.
func (k *Kept) WithoutValues() *Kept {
	bare := *k
	bare.Values, bare.Attributes, bare.Source = false, slices.Clone(k.Attributes), slices.Clone(k.Source)
	for _, list := range [][]KeptAttribute{bare.Attributes, bare.Source} {
		for i := range list {
			list[i] = KeptAttribute{Name: list[i].Name}
		}
	}
	return &bare
}
