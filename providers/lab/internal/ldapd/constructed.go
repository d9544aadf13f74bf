package ldapd

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// extendedDN is the form of the extended DN control: <GUID=...>;<SID=...>;CN=...
func (d *Directory) extendedDN(e *entry, form int) string {
	var s strings.Builder
	sid := firstValue(values(d.appendSID(nil, e, d.schema.lookup("objectSid"))))
	if form == 1 {
		s.WriteString("<GUID=" + hex.EncodeToString(e.guid[:]) + ">;")
		if sid != "" {
			s.WriteString("<SID=" + hex.EncodeToString([]byte(sid)) + ">;")
		}
	} else {
		s.WriteString("<GUID=" + guidText(e.guid) + ">;")
		if sid != "" {
			s.WriteString("<SID=" + sidText(sid) + ">;")
		}
	}
	return s.String() + e.dn()
}

// appendConstructed appends the values of an attribute that AD works out when it is asked for.
func (d *Directory) appendConstructed(b []byte, e *entry, a *attribute, s *selection) []byte {
	put := func(v string) { b = appendTLV(b, tagOctetString, v) }
	switch a.low {
	case "canonicalname":
		put(d.canonicalName(e))
	case "parentguid":
		if e.parent != nil {
			put(string(e.parent.guid[:]))
		}
	case "createtimestamp":
		put(string(appendMoment(nil, e.created)))
	case "modifytimestamp":
		put(string(appendMoment(nil, e.changed)))
	case "structuralobjectclass":
		for _, c := range d.schema.classes[e.class].chain {
			put(c)
		}
	case "msds-user-account-control-computed":
		if v := d.computedControl(e); v != "" {
			put(v)
		}
	case "primarygrouptoken":
		if d.schema.hasClass(e.class, "group") && e.rid != 0 {
			put(strconv.FormatUint(uint64(e.rid), 10))
		}
	case "sdrightseffective":
		put(map[bool]string{true: "0", false: "15"}[s.readOnly])
	case "tokengroups":
		for _, sid := range d.tokenGroups(e) {
			put(sid)
		}
	case "attributetypes":
		if d.schema.hasClass(e.class, "subschema") {
			for _, a := range d.schema.attrs[1:] {
				put(a.definition())
			}
		}
	case "objectclasses":
		if d.schema.hasClass(e.class, "subschema") {
			for _, definition := range d.schema.classDefinitions() {
				put(definition)
			}
		}
	case "allowedattributes", "allowedattributeseffective":
		for _, label := range d.allowed(a.low == "allowedattributes", s) {
			put(label)
		}
	}
	return b
}

// canonicalName is corp.contoso.com/Staff/Jane Doe.
func (d *Directory) canonicalName(e *entry) string {
	var parts []string
	for ; e.parent != nil; e = e.parent {
		parts = append(parts, strings.ReplaceAll(rdnValue(e.rdn), "/", `\/`))
	}
	slices.Reverse(parts)
	return d.domain + "/" + strings.Join(parts, "/")
}

// computedControl is the part of userAccountControl that depends on the time: 16 is locked out.
func (d *Directory) computedControl(e *entry) string {
	if len(e.blob.get(d.attr("userAccountControl"))) == 0 {
		return ""
	}
	if locked, _ := strconv.ParseInt(firstValue(e.blob.get(d.attr("lockoutTime"))), 10, 64); locked > 0 {
		return "16"
	}
	return "0"
}

// tokenGroups are the SIDs of the security groups that an account is in, over any number of steps: its primary group, and
// what that is in, included. A distribution group gives no rights, nor does what it is a member of.
func (d *Directory) tokenGroups(e *entry) []string {
	var out []string
	memberOf, seen, queue := d.attr("memberOf"), map[uint32]bool{}, []*entry{e}
	if rid, err := strconv.ParseUint(firstValue(e.blob.get(d.attr("primaryGroupID"))), 10, 32); err == nil {
		sid := withRID(d.domainSID, uint32(rid))
		out = append(out, sid)
		if primary := d.bySID(sid); primary != nil {
			seen[primary.id] = true
			queue = append(queue, primary)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, id := range at.targets(memberOf) {
			g := d.at(id)
			if seen[id] || !d.isSecurityGroup(g) {
				continue
			}
			seen[id] = true
			queue = append(queue, g)
			if sid := firstValue(values(d.appendSID(nil, g, d.schema.lookup("objectSid")))); sid != "" {
				out = append(out, sid)
			}
		}
	}
	return out
}

func (d *Directory) isSecurityGroup(e *entry) bool {
	kind, _ := strconv.ParseInt(firstValue(e.blob.get(d.attr("groupType"))), 10, 64)
	return uint32(kind)&0x80000000 != 0
}

// allowed lists the attributes a client may know of, or may write.
func (d *Directory) allowed(reading bool, s *selection) []string {
	if !reading && s.readOnly {
		return nil
	}
	var out []string
	for _, a := range d.schema.attrs[1:] {
		if reading || !a.system {
			out = append(out, a.name)
		}
	}
	return out
}
