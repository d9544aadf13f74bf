package ldapd

import (
	"slices"
)

// write serves the requests that change the directory.
func (c *conn) write(id int64, tag, out byte, body []byte, ctls *controls) error {
	if c.srv.readOnly.Load() {
		c.reply(id, out, denied())
		return nil
	}
	var refused *ResultError
	var err error
	switch tag {
	case tagModifyRequest:
		refused, err = c.modify(body, ctls)
	case tagAddRequest:
		refused, err = c.add(body)
	case tagDeleteRequest:
		refused = c.remove(string(body), ctls)
	case tagModifyDNRequest:
		refused, err = c.modifyDN(body)
	}
	if err == nil {
		c.reply(id, out, refused)
	}
	return err
}

func denied() *ResultError {
	return refuse(codeInsufficientAccess, "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n")
}

// rawEdit is an attribute of a request before its name is looked up.
type rawEdit struct {
	op     int64
	label  string
	values []string
}

func decodeAttribute(r *reader) rawEdit {
	x := rawEdit{label: r.text()}
	set := r.sub(tagSet)
	for set.more() {
		x.values = append(x.values, set.text())
	}
	if r.err == nil {
		r.err = set.err
	}
	return x
}

func decodeModify(body []byte) (dn string, edits []rawEdit, err error) {
	r := reader{b: body}
	dn = r.text()
	list := r.sub(tagSequence)
	for list.more() {
		one := list.sub(tagSequence)
		op := one.integer(tagEnumerated)
		attribute := one.sub(tagSequence)
		x := decodeAttribute(&attribute)
		if attribute.err != nil || op < editAdd || op > editReplace {
			return "", nil, errBER
		}
		x.op = op
		edits = append(edits, x)
	}
	return dn, edits, list.err
}

func decodeAdd(body []byte) (dn string, edits []rawEdit, err error) {
	r := reader{b: body}
	dn = r.text()
	list := r.sub(tagSequence)
	for list.more() {
		attribute := list.sub(tagSequence)
		x := decodeAttribute(&attribute)
		if attribute.err != nil {
			return "", nil, errBER
		}
		edits = append(edits, x)
	}
	return dn, edits, list.err
}

func (c *conn) modify(body []byte, ctls *controls) (*ResultError, error) {
	dn, raw, err := decodeModify(body)
	if err != nil {
		return nil, err
	}
	d := c.srv.Dir
	d.mu.Lock()
	defer d.mu.Unlock()
	if to, ok := undeletes(raw); ok && ctls.showDeleted {
		return d.undelete(dn, to), nil
	}
	var edits []edit
	for _, x := range raw {
		a, refused := d.writableAttribute(x.label)
		if refused == nil && x.op == editAdd && len(x.values) == 0 {
			refused = refuse(codeConstraint, "00002081: AtrErr: DSID-031519F7, problem 1005 (CONSTRAINT_ATT_TYPE), data 0: nothing to add to %s", a.name)
		}
		if refused != nil {
			return refused, nil
		}
		edits = append(edits, edit{op: x.op, attr: a, values: x.values})
	}
	return d.modify(dn, edits, ctls.permissive), nil
}

// ignoredOnAdd may come with an add request although they follow from the entry's name and class.
var ignoredOnAdd = []string{"cn", "ou", "dc", "name", "distinguishedname", "objectcategory", "instancetype"}

func (c *conn) add(body []byte) (*ResultError, error) {
	dn, raw, err := decodeAdd(body)
	if err != nil {
		return nil, err
	}
	d := c.srv.Dir
	d.mu.Lock()
	defer d.mu.Unlock()
	var edits []edit
	var classes []string
	for _, x := range raw {
		label := lower(x.label)
		if label == "objectclass" {
			classes = append(classes, x.values...)
			continue
		}
		if slices.Contains(ignoredOnAdd, label) {
			continue
		}
		a, refused := d.writableAttribute(x.label)
		if label == "objectguid" { // Windows has a setting that allows it; without it the answer is the same as Samba's
			refused = refuse(codeUnwilling, "0000209A: SvcErr: DSID-031A1081, problem 5003 (WILL_NOT_PERFORM), data 0: the server chooses objectGUID")
		}
		if refused != nil {
			return refused, nil
		}
		edits = append(edits, edit{op: editReplace, attr: a, values: x.values})
	}
	return d.add(dn, edits, classes), nil
}

func (c *conn) remove(dn string, ctls *controls) *ResultError {
	d := c.srv.Dir
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(dn, ctls.treeDelete)
}

func (c *conn) modifyDN(body []byte) (*ResultError, error) {
	r := reader{b: body}
	dn, newRDN, deleteOld := r.text(), r.text(), r.boolean()
	superior, moved := "", false
	if r.peek() == 0x80 {
		_, b := r.any()
		superior, moved = string(b), true
	}
	if r.err != nil {
		return nil, r.err
	}
	own, _, more, err := cutRDN(newRDN)
	switch {
	case err != nil || more:
		return refuse(codeInvalidDN, "0000208F: NameErr: problem 2006 (BAD_NAME), data 0: '%s' is not a relative name", newRDN), nil
	case !deleteOld:
		return refuse(codeUnwilling, "00002079: SvcErr: problem 5003 (WILL_NOT_PERFORM), data 0: the old name cannot be kept"), nil
	}
	d := c.srv.Dir
	d.mu.Lock()
	defer d.mu.Unlock()
	var parent *entry
	if moved {
		var refused *ResultError
		if parent, refused = d.base(superior); refused != nil {
			return refused, nil
		}
	}
	return d.rename(dn, parent, own), nil
}
