package graphd

import (
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
	// The 72 hours are documented, the wording of the refusal is not: UNVERIFIED.
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
