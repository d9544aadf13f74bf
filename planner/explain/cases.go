package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
)

// explanationOf puts a case into words.
func explanationOf(c *reconcile.Case) *Explanation {
	x := &Explanation{Kind: c.Kind, Address: c.Address, Anchor: c.Anchor, Change: c.Change.WithoutHashes(),
		Findings: []*planner.Finding{},
		Linked:   c.Link != nil}
	if c.Policy != nil {
		x.PolicyAt = c.Policy.DeclaredAt
	}
	if c.Link != nil {
		x.Left, x.LeftAt, x.LinkedBy = c.Link.Left, c.Link.LeftText(), c.Link.Rule
	}
	switch {
	case c.Source != nil:
		x.ofSource(c)
	case c.Account != nil && !c.Account.Deleted:
		x.ofTenant(c)
	case c.Link != nil:
		x.What, x.TargetID = IsRecord, c.Link.TargetID
		x.describe(c)
	default:
		x.ofDeleted(c)
	}
	if c.Leaving != nil {
		x.ofLeaver(c)
	}
	return x
}

// ofSource is about a source object in scope.
func (x *Explanation) ofSource(c *reconcile.Case) {
	x.What, x.Scope, x.ScopeAt = IsSource, c.Scope.Name, c.Scope.DeclaredAt
	x.SourceDN, x.SourceGUID = c.Source.DN, c.Source.GUID.String()
	if c.NoAnchor {
		x.Notes = append(x.Notes, noAnchor(c))
	}
	x.describe(c)
	switch c.Outcome {
	case reconcile.Blocked:
		x.Outcome = blocked
		if c.Change != nil {
			x.Outcome = blockedButOff
		}
	case reconcile.Changes:
		x.Outcome = changeText(c.Change)
	case reconcile.Ignored:
		x.Outcome = "nothing: no account matches, and the link policy does not create one"
		if c.First != nil {
			x.Outcome = fmt.Sprintf("left to scope %s (%s), which is declared earlier", c.First.Name, c.First.DeclaredAt)
		}
	default:
		x.Outcome = "unchanged: both directories agree"
	}
	for i := range c.Values {
		x.Attributes = append(x.Attributes, attributeOf(c, &c.Values[i]))
	}
	if c.Match != nil {
		x.Rules = rulesOf(c)
	}
}

// noAnchor says what becomes of a source object that has no anchor.
func noAnchor(c *reconcile.Case) string {
	if c.Link != nil {
		return "what the source object holds for an anchor is none; it was recorded with " + c.Link.Anchor
	}
	return "what the source object holds for an anchor is none"
}

// ofTenant is about a living tenant object that no source object in scope has.
func (x *Explanation) ofTenant(c *reconcile.Case) {
	x.What = IsTenant
	x.Outcome = fmt.Sprintf("not touched: this %s of the tenant is not linked to any source object in scope",
		c.Account.Kind)
	x.describe(c)
	if !c.Managed {
		x.Notes = append(x.Notes, fmt.Sprintf(
			"no scope synchronises %ss; they are read because nobody else can have their addresses", c.Account.Kind))
	}
	switch {
	case c.AnchorOf != nil:
		x.Notes = append(x.Notes, fmt.Sprintf("it carries the anchor of %s, which %s", c.AnchorOf.Address, accountOf(c.AnchorOf, x.TargetID)))
	case c.Leaving == nil && x.Anchor != "":
		x.Notes = append(x.Notes, "it carries an anchor, and no source object in scope has it")
	}
}

// accountOf says which account a source object has whose anchor the one with an id carries.
func accountOf(c *reconcile.Case, id string) string {
	switch {
	case c.Target != nil && c.Target.ID == id:
		return "claims it"
	case c.Target != nil:
		return "has another account, " + c.Target.Name
	case c.Link != nil:
		return "is recorded with another account, " + c.Link.TargetID
	}
	return "does not have it"
}

// ofLeaver is about a recorded pair whose source object is in no scope any more.
func (x *Explanation) ofLeaver(c *reconcile.Case) {
	x.Scope, x.SourceGUID = c.Link.Scope, c.Link.SourceGUID.String()
	if by := c.Leaving.ClaimedBy; by != "" {
		x.Notes = append(x.Notes, by+" claims it")
	}
	if due := c.Leaving.DeleteFrom; !due.IsZero() {
		x.DeleteFrom = due.UTC().Format(time.RFC3339)
	}
	switch {
	case c.Change != nil:
		x.Outcome = changeText(c.Change)
	case c.Outcome == reconcile.Blocked:
		x.Outcome = blocked
	case c.Outcome == reconcile.Ignored:
		x.Outcome = "left to another source object, which takes the account over"
	default:
		x.Outcome = c.Leaving.Text
	}
}

// ofDeleted is about an account in the recycle bin that no source object in scope gets back.
func (x *Explanation) ofDeleted(c *reconcile.Case) {
	x.What = IsDeleted
	x.Outcome = "not touched: it lies in the recycle bin, and no source object in scope gets it back"
	x.describe(c)
	switch {
	case x.Anchor == "":
		x.Notes = append(x.Notes, "it carries no anchor, and the recycle bin is searched by anchor only")
	case c.AnchorOf == nil:
		x.Notes = append(x.Notes, "no source object in scope has its anchor")
	default:
		x.Notes = append(x.Notes, fmt.Sprintf("%s has its anchor, but %s", c.AnchorOf.Address, leavesInBin(c.AnchorOf)))
	}
}

// leavesInBin says why a source object does not get an account back that carries its anchor and lies in the recycle
// bin.
func leavesInBin(c *reconcile.Case) string {
	switch policy := c.Policy; {
	case c.Target != nil && c.Target.Deleted:
		return fmt.Sprintf("it gets another account of the recycle bin, %s", c.Target.ID)
	case c.Target != nil:
		return fmt.Sprintf("another account, %s", c.Target.Name)
	case c.Link != nil:
		return fmt.Sprintf("another account is recorded for it, %s", c.Link.TargetID)
	case policy == nil:
		return "its scope has no link policy"
	case policy.Deleted == "create":
		return fmt.Sprintf("its link policy (%s) does not look into the recycle bin: deleted = \"create\"", policy.DeclaredAt)
	case !c.SearchesBin:
		return fmt.Sprintf("its link policy (%s) does not look into the recycle bin: it does not match by immutable_id",
			policy.DeclaredAt)
	}
	return "it does not get the account as long as it is blocked"
}

// describe fills in what is worth knowing about the case's tenant object.
func (x *Explanation) describe(c *reconcile.Case) {
	account := c.Account
	if account == nil {
		return
	}
	x.TargetID, x.TargetName, x.Addresses, x.InBin = account.ID, account.Name, account.Addresses, account.Deleted
	if account.Deleted {
		return
	}
	switch {
	case x.What != IsSource || account.Anchor == "" || account.Anchor == x.Anchor:
	case x.Anchor == "":
		x.Notes = append(x.Notes, "it carries anchor "+account.Anchor)
	default:
		x.Notes = append(x.Notes, "it carries another anchor, "+account.Anchor)
	}
	if account.NoSignIn {
		x.Notes = append(x.Notes, "sign-in is blocked")
	}
	st := account.Standing
	switch {
	case st.Mastered:
		x.Notes = append(x.Notes, "another sync engine masters it (onPremisesSyncEnabled = true)")
	case st.OnceMastered:
		x.Notes = append(x.Notes, "another sync engine mastered it once")
	}
	if st.Own {
		x.Notes = append(x.Notes, "dirform is signed in with it")
	}
	if len(st.Roles) > 0 {
		x.Notes = append(x.Notes, "it holds "+strings.Join(st.Roles, ", "))
	}
	if st.Protected != "" {
		x.Notes = append(x.Notes, fmt.Sprintf("a guard protects it as %q", st.Protected))
	}
}
