package graphd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// syncPause is how long a tenant has to wait after synchronization was turned off before it can be turned on again (Microsoft 365,
// "Turn off directory synchronization").
const syncPause = 72 * time.Hour

// orgWritable are the organization's other properties that a client may set.
var orgWritable = names("marketingNotificationEmails privacyProfile securityComplianceNotificationMails" +
	" securityComplianceNotificationPhones technicalNotificationMails")

// patchOrganization serves PATCH /organization/{id}.
func (t *Tenant) patchOrganization(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !strings.EqualFold(rq.params[0], t.tenantID) {
		return reply{}, notFound(rq.params[0])
	}
	var fields []field
	var sync *bool
	e := eachProperty(rq.body, func(name string, v jsontext.Value) *Error {
		invalid := badRequest("Invalid value specified for property '%s' of resource 'Company'.", name)
		if v.Compact() != nil {
			return invalid
		}
		if strings.EqualFold(name, "onPremisesSyncEnabled") {
			if json.Unmarshal(v, &sync) != nil || sync == nil {
				return invalid
			}
			return nil
		}
		p, ok := t.reg.find(name)
		switch {
		case strings.HasPrefix(name, "@odata."):
			return nil
		case !ok:
			return badRequest("Invalid property '%s'.", name)
		case !orgWritable[t.reg.props[p].name]:
			return readOnly(t.reg.props[p].name)
		case checkShape(&t.reg.props[p], v) != nil:
			return invalid
		}
		fields = append(fields, field{p, string(v)})
		return nil
	})
	if e != nil {
		return reply{}, e
	}
	if len(fields) > 0 {
		next := *t.org
		next.rec = t.org.rec.with(fields...)
		if e := t.commitPlain("organization", t.org, &next); e != nil {
			return reply{}, e
		}
	}
	if sync != nil {
		if e := t.switchSync(*sync); e != nil {
			return reply{}, e
		}
	}
	return reply{status: 204}, nil
}

// switchSync turns synchronization of the tenant on or off.
func (t *Tenant) switchSync(on bool) *Error {
	if (t.org.rec.get(propSyncEnabled) == "true") == on {
		return nil
	}
	now := t.opts.Now()
	if on && now.Before(t.syncOff.Add(syncPause)) {
		return badRequest("Directory synchronization was turned off less than 72 hours ago and can't be turned on again before %s.",
			t.syncOff.Add(syncPause).UTC().Format(time.RFC3339))
	}
	if t.onChange != nil {
		if err := t.onChange(fmt.Appendf(nil, `{"op":"sync","kind":"organization","on":%t,"at":%s}`, on, jsonOf(now.UTC()))); err != nil {
			return journalFailed(err)
		}
	}
	t.applySync(on, now)
	return nil
}

// applySync does what switchSync decided or a journal says. Turning it off makes every object a cloud object and clears what
// names its place on premises; what it once was shows in its security identifier and last synchronization.
func (t *Tenant) applySync(on bool, at time.Time) {
	t.org.rec = t.org.rec.with(field{propSyncEnabled, fmt.Sprint(on)})
	if on {
		return
	}
	t.syncOff = at
	var clear []field
	for _, name := range []string{"onPremisesDomainName", "onPremisesNetBiosName", "onPremisesDistinguishedName", "onPremisesSamAccountName",
		"onPremisesUserPrincipalName"} {
		clear = append(clear, field{t.reg.must(name), ""})
	}
	for k := range t.live {
		for _, o := range append([]*object(nil), t.live[k]...) {
			if o.rec.get(propSyncEnabled) != "true" {
				continue
			}
			next := *o
			next.rec = o.rec.with(append(clear, field{propSyncEnabled, "false"})...)
			t.store(o, next)
		}
	}
}

// syncSettings is the tenant's onPremisesSynchronization as raw JSON values.
type syncSettings struct {
	features map[string]bool
	kind     string // synchronizationPreventionType
	limit    int    // alertThreshold
}

// syncFeatures are the flags of v1.0 metadata.
var syncFeatures = names("allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled blockCloudObjectTakeoverThroughHardMatchEnabled" +
	" blockSoftMatchEnabled bypassDirSyncOverridesEnabled cloudPasswordPolicyForPasswordSyncedUsersEnabled concurrentCredentialUpdateEnabled" +
	" concurrentOrgIdProvisioningEnabled deviceWritebackEnabled directoryExtensionsEnabled fopeConflictResolutionEnabled" +
	" groupWriteBackEnabled passwordSyncEnabled passwordWritebackEnabled quarantineUponProxyAddressesConflictEnabled" +
	" quarantineUponUpnConflictEnabled softMatchOnUpnEnabled synchronizeUpnForManagedUsersEnabled unifiedGroupWritebackEnabled" +
	" userForcePasswordChangeOnLogonEnabled userWritebackEnabled")

// newSyncSettings are a tenant's settings before anybody changed them: duplicates are quarantined, UPNs match softly, and an
// export with more than 500 deletes stops.
func newSyncSettings() syncSettings {
	s := syncSettings{features: map[string]bool{}, kind: "enabledForCount", limit: 500}
	for name := range syncFeatures {
		s.features[name] = name == "quarantineUponProxyAddressesConflictEnabled" || name == "quarantineUponUpnConflictEnabled" ||
			name == "softMatchOnUpnEnabled" || name == "synchronizeUpnForManagedUsersEnabled"
	}
	return s
}

// body is the entity without braces.
func (s *syncSettings) body(id string) string {
	return `"id":` + quoted(id) + `,"configuration":{"accidentalDeletionPrevention":{"alertThreshold":` + fmt.Sprint(s.limit) +
		`,"synchronizationPreventionType":` + quoted(s.kind) + `}},"features":` + jsonOf(s.features)
}

func (t *Tenant) listSynchronization(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return reply{status: 200, body: []byte(`{"@odata.context":"` + rq.root + `/$metadata#directory/onPremisesSynchronization","value":[{` +
		t.sync.body(t.tenantID) + `}]}`), list: true}, nil
}

func (t *Tenant) getSynchronization(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !strings.EqualFold(rq.params[0], t.tenantID) {
		return reply{}, notFound(rq.params[0])
	}
	return reply{status: 200, body: []byte(`{"@odata.context":"` + rq.root + `/$metadata#directory/onPremisesSynchronization/$entity",` +
		t.sync.body(t.tenantID) + `}`)}, nil
}

// syncPatch is the body of a PATCH; what is nil stays.
type syncPatch struct {
	Type          string `json:"@odata.type"`
	Features      map[string]any
	Configuration *struct {
		AccidentalDeletionPrevention *struct {
			AlertThreshold                *int
			SynchronizationPreventionType *string
		}
	}
}

func (t *Tenant) patchSynchronization(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !strings.EqualFold(rq.params[0], t.tenantID) {
		return reply{}, notFound(rq.params[0])
	}
	next, e := t.sync.patched(rq.body)
	if e != nil {
		return reply{}, e
	}
	if t.onChange != nil {
		record := []byte(`{"op":"put","kind":"onPremisesSynchronization","object":` + jsonOf(json.RawMessage(rq.body)) + `}`)
		if err := t.onChange(record); err != nil {
			return reply{}, journalFailed(err)
		}
	}
	t.sync = next
	return reply{status: 204}, nil
}

// patched is s with a body's changes.
func (s syncSettings) patched(body []byte) (syncSettings, *Error) {
	var p syncPatch
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		if !json.Valid(body) {
			return s, malformed()
		}
		return s, badRequest("One or more property values specified are invalid.")
	}
	next := syncSettings{features: map[string]bool{}, kind: s.kind, limit: s.limit}
	for name, on := range s.features {
		next.features[name] = on
	}
	for name, v := range p.Features {
		on, ok := v.(bool)
		if strings.HasPrefix(name, "@odata.") {
			continue
		}
		if !ok || !syncFeatures[name] {
			return s, badRequest("Invalid value specified for property '%s' of resource 'OnPremisesDirectorySynchronization'.", name)
		}
		next.features[name] = on
	}
	if p.Configuration == nil || p.Configuration.AccidentalDeletionPrevention == nil {
		return next, nil
	}
	guard := p.Configuration.AccidentalDeletionPrevention
	if guard.AlertThreshold != nil {
		next.limit = *guard.AlertThreshold
	}
	if guard.SynchronizationPreventionType != nil {
		next.kind = *guard.SynchronizationPreventionType
	}
	percent := next.kind == "enabledForPercentage"
	if next.limit < 0 || percent && next.limit > 100 || !percent && next.kind != "disabled" && next.kind != "enabledForCount" {
		return s, badRequest("Invalid value specified for property 'accidentalDeletionPrevention' of resource 'OnPremisesDirectorySynchronization'.")
	}
	return next, nil
}
