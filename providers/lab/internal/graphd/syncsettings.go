package graphd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

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

// delegatedOnly refuses applications: the permissions for a tenant's synchronization settings can be given to people only
// (permissions reference, OnPremDirectorySynchronization).
func delegatedOnly(rq *request) *Error {
	if rq.caller == application {
		return denied()
	}
	return nil
}

func (t *Tenant) listSynchronization(rq *request) (reply, *Error) {
	if e := delegatedOnly(rq); e != nil {
		return reply{}, e
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return reply{status: 200, body: []byte(`{"@odata.context":"` + rq.root + `/$metadata#directory/onPremisesSynchronization","value":[{` +
		t.sync.body(t.tenantID) + `}]}`), list: true}, nil
}

func (t *Tenant) getSynchronization(rq *request) (reply, *Error) {
	if e := delegatedOnly(rq); e != nil {
		return reply{}, e
	}
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
	if e := delegatedOnly(rq); e != nil {
		return reply{}, e
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !strings.EqualFold(rq.params[0], t.tenantID) {
		return reply{}, notFound(rq.params[0])
	}
	if e := t.changeSynchronization(rq.body); e != nil {
		return reply{}, e
	}
	return reply{status: 204}, nil
}

// changeSynchronization carries out a PATCH's body. The caller holds the write lock.
func (t *Tenant) changeSynchronization(body []byte) *Error {
	next, e := t.sync.patched(body)
	if e != nil {
		return e
	}
	if t.onChange != nil {
		record := []byte(`{"op":"put","kind":"onPremisesSynchronization","object":` + jsonOf(json.RawMessage(body)) + `}`)
		if err := t.onChange(record); err != nil {
			return journalFailed(err)
		}
	}
	t.sync = next
	return nil
}

// setSwitches sets the tenant's own switches, if that is what an edit is about.
func (t *Tenant) setSwitches(name string, list []Assignment) (ok bool, err error) {
	switch {
	case strings.EqualFold(name, "organization") && strings.EqualFold(list[0].Property, "onPremisesSyncEnabled"):
		if len(list) > 1 {
			return true, fmt.Errorf("of the organization only %s can be set, so %s cannot", list[0].Property, list[1].Property)
		}
		v := string(list[0].Value)
		if v != "true" && v != "false" {
			return true, fmt.Errorf("%s is true or false", list[0].Property)
		}
		if e := t.switchSync(v == "true"); e != nil {
			return true, e
		}
		return true, nil
	case strings.EqualFold(name, "onPremisesSynchronization"):
		var features []string
		for _, x := range list {
			features = append(features, quoted(x.Property)+":"+string(x.Value))
		}
		if e := t.changeSynchronization([]byte(`{"features":{` + strings.Join(features, ",") + `}}`)); e != nil {
			return true, e
		}
		return true, nil
	}
	return false, nil
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
