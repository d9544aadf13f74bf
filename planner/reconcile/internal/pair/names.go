package pair

import "github.com/dirform/dirform/planner/reconcile/internal/table"

// Names are attributes that no two objects may share, as a set.
type Names uint8

// The names of an account.
const (
	NameUPN Names = 1 << iota
	NameMail
)

// NameOf is the name that an attribute is, 0 if two objects may share it.
func NameOf(attribute string) Names {
	switch attribute {
	case "userPrincipalName":
		return NameUPN
	case "mail":
		return NameMail
	}
	return 0
}

// GivesUp reports whether source row s, which has a living account, is going to be called something else than name.
func (p *Pairs) GivesUp(s int, attribute Names, name uint64) bool {
	t := p.Source.Table(s)
	target := int(p.verdicts[s].Target)
	col, have := t.UPNCol, p.Tenant.Meta(target).UPN
	if attribute == NameMail {
		if col = t.MailCol; col >= 0 {
			have = p.Tenant.FP(target)[t.Columns[col].Col]
		}
	}
	if col < 0 || have != name {
		return false
	}
	want := t.FP(s)[t.Columns[col].Col]
	return want != 0 && want != t.NilFP && want != have
}

// KeepsFallback reports whether source row s is linked to an account that goes by its fallback name already.
func (p *Pairs) KeepsFallback(s int) bool {
	v, t := &p.verdicts[s], p.Source.Table(s)
	return t.FallsBack() && t.UPNCol >= 0 && t.Meta(s).Flags&table.SourceFallback != 0 && v.Link >= 0 && v.Target >= 0 && v.Flags == 0 &&
		p.Tenant.Meta(int(v.Target)).UPN == t.FP(s)[t.Columns[t.UPNCol].Col]
}
