package state

import (
	"slices"
	"strings"
)

// Kept is what a record keeps of a step so that it can be undone: what was written over, and the link as it was. Values are personal
// data, so a record keeps them only where encryption is configured, under its own key.
type Kept struct {
	Scope      string `json:"scope,omitempty"`
	SourceGUID string `json:"source_guid,omitempty"`
	// Rule, as Scope and SourceGUID, is of the pair's link before the step: of one that the step ended, or that a link or relink found
	// recorded already, whose account had lost the anchor. It is empty if there was none.
	Rule string `json:"rule,omitempty"`
	// Replaces is the recorded link of the account that ended with the step because the account got another one.
	Replaces *Replaced `json:"replaces,omitempty"`
	Undoes   int64     `json:"undoes,omitempty"` // the run that the step takes something of back; 0 if it carries out what rules ask for
	Values   bool      `json:"values,omitempty"` // the attributes have their values; otherwise only their names
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

// KeptOf is what is kept of a change that is made; old is the recorded link before, nil if there is none. Of an account that is made
// or brought back nothing is needed, since it is deleted to undo that; the link is needed where the change ends it.
func KeptOf(c *Change, old *Link) *Kept {
	k := &Kept{Values: true, Replaces: c.Replaces, Source: keptOf(c.SourceAttributes)}
	if c.Action != ActionCreate && c.Action != ActionRestore {
		k.Attributes = keptOf(c.Attributes)
	}
	ends := c.Action == ActionUnlink || c.Action == ActionDelete
	again := (c.Action == ActionLink || c.Action == ActionRelink) && old != nil && strings.EqualFold(old.TargetID, c.TargetID)
	if old != nil && ends || again {
		k.Scope, k.SourceGUID, k.Rule = old.Scope, old.SourceGUID.String(), old.Rule
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
