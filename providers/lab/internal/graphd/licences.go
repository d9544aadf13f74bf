package graphd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// licence is an entry of assignedLicenses.
type licence struct {
	DisabledPlans []string `json:"disabledPlans"`
	SkuID         string   `json:"skuId"`
}

// licencesOf are an object's assigned licences.
func licencesOf(raw string) []licence {
	var list []licence
	_ = json.Unmarshal([]byte(raw), &list) // a seed's value of another shape holds no licence
	return list
}

// countSeats keeps the number of licences in use true when an object comes (1) or goes (-1).
func (t *Tenant) countSeats(o *object, by int) {
	if o.kind != userKind {
		return
	}
	raw := o.rec.get(propAssignedLicenses)
	if len(raw) < 3 {
		return
	}
	for _, l := range licencesOf(raw) {
		t.seats[strings.ToLower(l.SkuID)] += by
	}
}

// finishSKU fills in what a seed leaves out of a subscription. One without prepaidUnits has a seat for everybody.
func (t *Tenant) finishSKU(d *draft) {
	orElse := func(name, raw string) {
		if p := t.reg.must(name); d.get(p) == "" {
			d.set(p, raw)
		}
	}
	part := d.text(t.reg.must("skuPartNumber"))
	orElse("skuId", quoted(mintGUID("skuId", part).String()))
	orElse("appliesTo", `"User"`)
	orElse("capabilityStatus", `"Enabled"`)
	orElse("servicePlans", `[]`)
	orElse("prepaidUnits", `{"enabled":1000000,"lockedOut":0,"suspended":0,"warning":0}`)
}

// liveSKUs are the subscriptions with the seats in use; what a seed says of them counts besides.
func (t *Tenant) liveSKUs() []*object {
	p, id := t.reg.must("consumedUnits"), t.reg.must("skuId")
	out := make([]*object, len(t.skus))
	for i, o := range t.skus {
		n := t.seats[strings.ToLower(text(o.rec.get(id)))] + number(o.rec.get(p))
		copied := *o
		copied.rec = o.rec.with(field{p, fmt.Sprint(n)})
		out[i] = &copied
	}
	return out
}

func number(raw string) int {
	var n int
	_ = json.Unmarshal([]byte(raw), &n)
	return n
}

func (t *Tenant) getSKU(rq *request) (reply, *Error) {
	return t.plainGet(rq, t.liveSKUs)
}

// sku finds a subscription by its skuId.
func (t *Tenant) sku(id string) *object {
	p := t.reg.must("skuId")
	for _, o := range t.skus {
		if strings.EqualFold(text(o.rec.get(p)), id) {
			return o
		}
	}
	return nil
}

// servicePlan is an entry of a subscription's servicePlans.
type servicePlan struct {
	ID     string `json:"servicePlanId"`
	Name   string `json:"servicePlanName"`
	Status string `json:"provisioningStatus"`
	For    string `json:"appliesTo"`
}

func (t *Tenant) plansOf(sku *object) []servicePlan {
	var plans []servicePlan
	_ = json.Unmarshal([]byte(sku.rec.get(t.reg.must("servicePlans"))), &plans)
	return plans
}

// assignLicense serves POST /users/{id}/assignLicense. Licences may be assigned to users of another sync engine, too.
func (t *Tenant) assignLicense(rq *request) (reply, *Error) {
	var body struct {
		AddLicenses    *[]licence
		RemoveLicenses *[]string
	}
	if err := json.Unmarshal(rq.body, &body); err != nil {
		return reply{}, malformed()
	}
	missing := ""
	switch {
	case body.AddLicenses == nil:
		missing = "addLicenses"
	case body.RemoveLicenses == nil:
		missing = "removeLicenses"
	}
	if missing != "" {
		return reply{}, parsingError("One or more parameters of the operation 'assignLicense' are missing from the request payload."+
			" The missing parameters are: %s.", missing)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.user(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	list, e := t.licensed(o, *body.AddLicenses, *body.RemoveLicenses)
	if e != nil {
		return reply{}, e
	}
	next := *o
	next.rec = o.rec.with(t.licenceFields(list, t.timeNow())...)
	t.settleAddresses(&next)
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return t.single(rq, 200, o)
}

// licensed are a user's licences after some are added and removed.
func (t *Tenant) licensed(o *object, add []licence, remove []string) ([]licence, *Error) {
	list := licencesOf(o.rec.get(propAssignedLicenses))
	has := func(id string) int {
		return slices.IndexFunc(list, func(l licence) bool { return strings.EqualFold(l.SkuID, id) })
	}
	for _, id := range remove {
		i := has(id)
		if i < 0 {
			return nil, badRequest("User does not have a corresponding license.")
		}
		list = slices.Delete(list, i, i+1)
	}
	if len(add) > 0 && o.rec.get(propUsageLocation) == "" {
		return nil, badRequest("License assignment cannot be done for user with invalid usage location.")
	}
	for _, l := range add {
		sku := t.sku(l.SkuID)
		if sku == nil {
			return nil, badRequest("License %s does not correspond to a valid company License.", l.SkuID)
		}
		for _, plan := range l.DisabledPlans {
			if !slices.ContainsFunc(t.plansOf(sku), func(p servicePlan) bool { return strings.EqualFold(p.ID, plan) }) {
				return nil, badRequest("License assignment failed because service plan %s is not part of license %s.", plan, l.SkuID)
			}
		}
		l.SkuID = text(sku.rec.get(t.reg.must("skuId")))
		if i := has(l.SkuID); i >= 0 {
			list[i] = l
			continue
		}
		if t.seatsLeft(sku) < 1 {
			return nil, badRequest("Subscription with SKU %s does not have any available licenses.", l.SkuID)
		}
		list = append(list, l)
	}
	return list, nil
}

// seatsLeft is how many more users can have a licence.
func (t *Tenant) seatsLeft(sku *object) int {
	var units struct{ Enabled, Warning int }
	_ = json.Unmarshal([]byte(sku.rec.get(t.reg.must("prepaidUnits"))), &units)
	used := t.seats[strings.ToLower(text(sku.rec.get(t.reg.must("skuId"))))] + number(sku.rec.get(t.reg.must("consumedUnits")))
	return units.Enabled + units.Warning - used
}

// licenceFields are the properties of a user that follow from direct licences given at a time, which is raw JSON.
func (t *Tenant) licenceFields(list []licence, at string) []field {
	type state struct {
		AssignedByGroup *string  `json:"assignedByGroup"`
		DisabledPlans   []string `json:"disabledPlans"`
		Error           string   `json:"error"`
		Updated         string   `json:"lastUpdatedDateTime"`
		SkuID           string   `json:"skuId"`
		State           string   `json:"state"`
	}
	type assigned struct {
		At      string `json:"assignedDateTime"`
		Status  string `json:"capabilityStatus"`
		Service string `json:"service"`
		ID      string `json:"servicePlanId"`
	}
	now := text(at)
	states, plans := []state{}, []assigned{}
	for i := range list {
		if list[i].DisabledPlans == nil {
			list[i].DisabledPlans = []string{} // the service has no null there
		}
	}
	for _, l := range list {
		states = append(states, state{nil, l.DisabledPlans, "None", now, l.SkuID, "Active"})
		if sku := t.sku(l.SkuID); sku == nil || len(t.plansOf(sku)) == 0 {
			plans = append(plans, assigned{now, "Enabled", exchange, exchangePlan})
		} else {
			for _, p := range t.plansOf(sku) {
				if !slices.Contains(l.DisabledPlans, p.ID) {
					plans = append(plans, assigned{now, "Enabled", serviceOf(p.Name), p.ID})
				}
			}
		}
	}
	raw := func(v any, n int) string {
		if n == 0 {
			return ""
		}
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return []field{{propAssignedLicenses, raw(list, len(list))}, {t.reg.must("licenseAssignmentStates"), raw(states, len(states))},
		{t.reg.must("assignedPlans"), raw(plans, len(plans))}}
}

// listLicenseDetails serves what a user's licences contain.
func (t *Tenant) listLicenseDetails(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.user(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	part, plans, id := t.reg.must("skuPartNumber"), t.reg.must("servicePlans"), t.reg.must("skuId")
	var list []*object
	for _, l := range licencesOf(t.see(o).rec.get(propAssignedLicenses)) {
		sku := t.sku(l.SkuID)
		if sku == nil {
			continue
		}
		list = append(list, &object{kind: plainKind, rec: makeRecord([]field{{propID, quoted(mintGUID("licenseDetails", o.id.String(), l.SkuID).String())},
			{id, sku.rec.get(id)}, {part, sku.rec.get(part)}, {plans, sku.rec.get(plans)}})})
	}
	return t.plainList(rq, list)
}

// The service of Exchange's plans, its plan with a mailbox that licences have of which a seed does not say what is in them,
// and the one without that nearly every product contains (Microsoft Entra, "Product names and service plan identifiers for
// licensing").
const (
	exchange           = "exchange"
	exchangePlan       = "efb87545-963c-4e0d-99df-69c6916d9eb0"
	exchangeFoundation = "113feb6c-3fe4-4440-bddc-54d774bf0318"
)

// serviceOf is the service that a plan belongs to, as assignedPlans names it.
func serviceOf(plan string) string {
	for prefix, service := range map[string]string{"EXCHANGE": exchange, "TEAMS": "TeamspaceAPI", "SHAREPOINT": "SharePoint",
		"MCO": "MicrosoftCommunicationsOnline"} {
		if strings.HasPrefix(strings.ToUpper(plan), prefix) {
			return service
		}
	}
	return plan
}

// hasMailbox reports whether a user has a plan of Exchange with a mailbox.
func (t *Tenant) hasMailbox(rec record) bool {
	raw := rec.get(t.reg.must("assignedPlans"))
	if len(raw) < 3 {
		return false
	}
	var plans []struct {
		Service string `json:"service"`
		ID      string `json:"servicePlanId"`
		Status  string `json:"capabilityStatus"`
	}
	_ = json.Unmarshal([]byte(raw), &plans) // a seed's value of another shape has no plan
	for _, p := range plans {
		if strings.EqualFold(p.Service, exchange) && p.Status != "Deleted" && !strings.EqualFold(p.ID, exchangeFoundation) {
			return true
		}
	}
	return false
}

// finishPlans gives the users of a seed that have licences the plans that follow from them, where the seed says nothing.
func (s *seeder) finishPlans() {
	plans := s.t.reg.must("assignedPlans")
	for _, o := range s.t.live[userKind] {
		list := licencesOf(o.rec.get(propAssignedLicenses))
		if len(list) == 0 || o.rec.get(plans) != "" {
			continue
		}
		for _, f := range s.t.licenceFields(list, seedTime) {
			if f.prop == plans {
				o.rec = o.rec.with(f)
			}
		}
	}
}

// settleAddresses drops a mailbox's addresses in domains that the tenant has not verified, which Exchange does as soon as
// there is a mailbox, and whenever addresses change (Microsoft Entra Connect, "shadow attributes"; the service does it a
// little later). A mailbox that has no primary address then gets one in the tenant's own domain.
func (t *Tenant) settleAddresses(next *object) {
	if next.kind != userKind || !t.hasMailbox(next.rec) {
		return
	}
	list := texts(next.rec.get(propProxyAddresses))
	kept := slices.DeleteFunc(slices.Clone(list), func(a string) bool {
		return len(a) > 5 && strings.EqualFold(a[:5], "smtp:") && t.unverified(a)
	})
	mail := text(next.rec.get(propMail))
	if len(kept) == len(list) && (mail == "" || !t.unverified(mail)) {
		return
	}
	if mail = ""; !slices.ContainsFunc(kept, func(a string) bool { return strings.HasPrefix(a, "SMTP:") }) {
		mail = text(next.rec.get(propMailNickname)) + "@" + t.initialDomain()
		kept = slices.DeleteFunc(kept, func(a string) bool { return strings.EqualFold(bareAddress(a), mail) })
		kept = append([]string{"SMTP:" + mail}, kept...)
	}
	for _, a := range kept {
		if strings.HasPrefix(a, "SMTP:") {
			mail = bareAddress(a)
		}
	}
	next.rec = next.rec.with(field{propMail, quoted(mail)}, field{propProxyAddresses, rawTexts(kept)})
}

// unverified reports whether an address is in a domain that the tenant has not verified.
func (t *Tenant) unverified(address string) bool {
	_, domain, _ := strings.Cut(bareAddress(address), "@")
	_, verified := t.verified[strings.ToLower(domain)]
	return address != "" && !verified
}

// initialDomain is the tenant's own *.onmicrosoft.com.
func (t *Tenant) initialDomain() string {
	for _, d := range t.domains {
		if d.rec.get(t.reg.must("isInitial")) == "true" {
			return text(d.rec.get(propID))
		}
	}
	return ""
}
