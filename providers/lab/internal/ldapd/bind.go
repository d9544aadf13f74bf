package ldapd

import "crypto/subtle"

const (
	oidStartTLS = "1.3.6.1.4.1.1466.20037"
	oidWhoAmI   = "1.3.6.1.4.1.4203.1.11.3"
)

// bind serves simple binds; SASL is refused.
func (c *conn) bind(id int64, body []byte) error {
	r := reader{b: body}
	version := r.integer(tagInteger)
	label := r.text()
	method, secret := r.any()
	if r.err != nil {
		return r.err
	}
	c.bound, c.cursors, c.who, c.seesDeleted, c.hidden = false, nil, "", false, nil
	c.reply(id, tagBindResponse, c.checkBind(version, label, method, secret))
	return nil
}

func (c *conn) checkBind(version int64, label string, method byte, secret []byte) *ResultError {
	switch {
	case version != 3:
		return refuse(codeProtocolError, "only LDAP version 3 is supported")
	case method != 0x80:
		return refuse(codeAuthNotSupported, "00002027: LdapErr: only simple binds are supported")
	case label == "" && len(secret) == 0:
		return nil // anonymous
	case !c.secure:
		return refuse(codeStrongerAuth, "BindSimple: Transport encryption required.")
	}
	who, reason := c.srv.signIn(label, secret)
	c.seesDeleted = reason == "" && c.srv.seesDeleted(label)
	if reason != "" {
		return refuse(codeInvalidCredentials, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data %s, v1db1", reason)
	}
	c.bound, c.who, c.hidden = true, who, c.srv.hiddenFrom(who)
	return nil
}

// signIn tests a name and password: those of the server's own account, or of an entry whose password was set. who is the
// account's sAMAccountName, reason AD's number for what is wrong.
func (s *Server) signIn(label string, secret []byte) (who, reason string) {
	own := s.isAccount(label)
	who = s.accountSAM()
	d := s.Dir
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.account(label)
	right := own && s.Password != "" && subtle.ConstantTimeCompare(secret, []byte(s.Password)) == 1 || !own && e != nil && d.passwords.matches(e, string(secret))
	if len(secret) == 0 || !right {
		return "", "52e"
	}
	if e == nil {
		return who, ""
	}
	if !own {
		who = firstValue(e.blob.get(d.attr("sAMAccountName")))
	}
	return who, d.barred(e)
}

// seesDeleted reports whether an account may see deleted objects: the server's own, and administrators, whom AD marks
// with adminCount.
func (s *Server) seesDeleted(label string) bool {
	if s.isAccount(label) {
		return true
	}
	d := s.Dir
	d.mu.RLock()
	defer d.mu.RUnlock()
	e := d.account(label)
	return e != nil && firstValue(e.blob.get(d.attr("adminCount"))) == "1"
}

// extended serves StartTLS and WhoAmI.
func (c *conn) extended(id int64, body []byte) error {
	r := reader{b: body}
	oid := string(r.take(0x80))
	if r.err != nil {
		return r.err
	}
	switch oid {
	case oidStartTLS:
		return c.startTLS(id)
	case oidWhoAmI:
		who := ""
		if c.bound {
			who = "u:" + c.srv.Dir.netbios + `\` + c.who
		}
		c.out = appendResult(c.out, id, tagExtendedResponse, nil, appendTLV(nil, 0x8b, who), nil)
	default:
		c.reply(id, tagExtendedResponse, refuse(codeProtocolError, "Extended Operation(%s) not supported", clip([]byte(oid))))
	}
	return nil
}

func (c *conn) startTLS(id int64) error {
	name := appendTLV(nil, 0x8a, oidStartTLS)
	switch {
	case c.secure:
		r := refuse(codeOperationsError, "TLS is on already")
		c.out = appendResult(c.out, id, tagExtendedResponse, r, name, nil)
		return nil
	case c.srv.TLS == nil:
		r := refuse(codeUnavailable, "00000000: LdapErr: DSID-0C09113E, comment: Error initializing SSL/TLS, data 0, v4563")
		c.out = appendResult(c.out, id, tagExtendedResponse, r, name, nil)
		return nil
	}
	c.out = appendResult(c.out, id, tagExtendedResponse, nil, name, nil)
	if err := c.flush(); err != nil {
		return err
	}
	if c.in.Buffered() > 0 {
		return errBER // bytes sent in the clear must not pass for encrypted ones
	}
	c.bound = false
	return c.handshake()
}
