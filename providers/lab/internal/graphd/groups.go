package graphd

import (
	"slices"
	"strings"
)

// What a client may set on a group (v1.0 reference, group-post-groups and group-update).
var (
	groupWritable = names("displayName description mailNickname visibility classification membershipRule membershipRuleProcessingState" +
		" preferredLanguage preferredDataLocation securityEnabled mailEnabled groupTypes theme")
	groupOnCreate = names("isAssignableToRole uniqueName resourceBehaviorOptions resourceProvisioningOptions")
	groupOnUpdate = names("allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients isSubscribedByMail")
	groupKept     = names("displayName mailNickname securityEnabled mailEnabled isAssignableToRole visibility")
)

func names(list string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.SplitSeq(list, " ") {
		m[name] = true
	}
	return m
}

// hasType says whether groupTypes of a group holds a word.
func (o *object) hasType(word string) bool {
	return o.kind == groupKind && slices.Contains(texts(o.rec.get(propGroupTypes)), word)
}

func (o *object) isUnified() bool { return o.hasType("Unified") }
func (o *object) isDynamic() bool { return o.hasType("DynamicMembership") }

// isExchange: distribution lists and mail-enabled security groups are Exchange's; Graph reads them only.
func (o *object) isExchange() bool { return o.rec.get(propMailEnabled) == "true" && !o.isUnified() }

// isSynced: another engine masters it.
func (o *object) isSynced() bool { return o.rec.get(propSyncEnabled) == "true" && !o.cloudManaged() }

// groupWord is how error messages call the sort of group.
func (o *object) groupWord() string {
	if o.isUnified() {
		return "Unified"
	}
	return "Security"
}

func mailGroupsUnsupported() *Error {
	return badRequest("The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement" +
		" property is unset and the security-enablement property is set.")
}

// writableGroup is a living group whose properties and references an application may write. The text about Exchange's groups is
// quoted in microsoft-graph-docs, issue 14827. Groups that can hold roles need a privileged application.
func (t *Tenant) writableGroup(name string) (*object, *Error) {
	g, e := t.find(groupKind, name)
	switch {
	case e != nil:
		return nil, e
	case g.isSynced():
		return nil, syncedElsewhere()
	case g.isExchange():
		return nil, badRequest("Cannot Update a mail-enabled security groups and or distribution list.")
	case g.rec.get(propAssignableToRole) == "true":
		return nil, denied()
	}
	return g, nil
}

func (t *Tenant) createGroup(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.makeGroup(rq)
}

// makeGroup creates a group with extra properties beside those of the body.
func (t *Tenant) makeGroup(rq *request, extra ...field) (reply, *Error) {
	u, e := t.readGroupBody(rq.body, true)
	if e != nil {
		return reply{}, e
	}
	for _, name := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if !u.names[strings.ToLower(name)] {
			return reply{}, badRequest("A value is required for property '%s' of resource 'Group'.", name)
		}
	}
	if u.get(propAssignableToRole) == "true" {
		return reply{}, denied() // takes RoleManagement.ReadWrite.Directory
	}
	now := t.timeNow()
	next := object{id: randomGUID(), kind: groupKind}
	next.rec = makeRecord([]field{{propCreatedDateTime, now}, {t.reg.must("renewedDateTime"), now}}).with(u.fields...).with(extra...)
	if e := t.checkGroupKind(nil, &next); e != nil {
		return reply{}, e
	}
	if next.isUnified() {
		t.addressGroup(&next)
	}
	for _, rel := range []relation{memberRel, ownerRel} {
		refs, e := t.newRefs(&next, rel, u.binds[rel])
		if e != nil {
			return reply{}, e
		}
		if len(refs) > 0 {
			next = next.withRefs(rel, refs)
		}
	}
	o := &object{}
	if e := t.groupClash(o, &next); e != nil {
		return reply{}, e
	}
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return t.single(rq, 201, o)
}

// addressGroup gives a Microsoft 365 group its mail address, which follows from its nickname and the default domain.
func (t *Tenant) addressGroup(g *object) {
	mail := text(g.rec.get(propMailNickname)) + "@" + t.defaultDomain()
	fields := []field{{propMail, quoted(mail)}, {propProxyAddresses, rawTexts([]string{"SMTP:" + mail})}}
	if g.rec.get(propVisibility) == "" {
		fields = append(fields, field{propVisibility, `"Public"`})
	}
	g.rec = g.rec.with(fields...)
}

// groupClash finds what a group would have in common with another object. The nickname of a Microsoft 365 group is unique since
// it is the address; a security group's is not.
func (t *Tenant) groupClash(o, next *object) *Error {
	if name := text(next.rec.get(propUniqueName)); name != "" {
		if other := t.byUniqueName(name); other != nil && other != o {
			return conflict("uniqueName")
		}
	}
	if other, property, _ := t.clash(o, next); other != nil {
		if other.kind == groupKind && o.id != next.id && next.isUnified() {
			property = "mailNickname"
		}
		return conflict(property)
	}
	return nil
}

func (t *Tenant) byUniqueName(name string) *object {
	for _, o := range t.names.candidates(name) {
		if strings.EqualFold(text(o.rec.get(propUniqueName)), name) {
			return o
		}
	}
	return nil
}

func (t *Tenant) patchGroup(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, e := t.writableGroup(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.updateGroup(g, rq)
}

// updateGroup changes properties and adds references, all or nothing.
func (t *Tenant) updateGroup(g *object, rq *request) (reply, *Error) {
	u, e := t.readGroupBody(rq.body, false)
	if e != nil {
		return reply{}, e
	}
	next := *g
	next.rec = g.rec.with(u.fields...)
	if len(u.fields) > 0 {
		if e := t.checkGroupKind(g, &next); e != nil {
			return reply{}, e
		}
	}
	var add [2][]*object
	for _, rel := range []relation{memberRel, ownerRel} {
		if add[rel], e = t.newRefs(&next, rel, u.binds[rel]); e != nil {
			return reply{}, e
		}
	}
	if len(u.fields) > 0 {
		if e := t.change(g, u.fields); e != nil {
			return reply{}, e
		}
	}
	for _, rel := range []relation{memberRel, ownerRel} {
		if len(add[rel]) > 0 {
			if e := t.commitRefs(g, rel, add[rel], nil); e != nil {
				return reply{}, e
			}
		}
	}
	return reply{status: 204}, nil
}

func (t *Tenant) deleteGroup(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, e := t.find(groupKind, rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.deleteObject(rq, g)
}
