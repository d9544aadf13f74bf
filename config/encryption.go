package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state/seal"
)

// decodeEncryption reads the encryption block.
func (l *loader) decodeEncryption(b *hclsyntax.Block) {
	c := l.content(b, grammar["dirform.encryption"])
	key := c.keys("key", cty.String)
	previous := c.keys("previous", cty.List(cty.String))
	if c.ok && len(key) == 1 {
		l.cfg.Encryption = seal.New(key[0], previous...)
	}
}

// keys are the keys that an argument holds: one, or those of a list.
func (c *content) keys(name string, t cty.Type) (keys []seal.Key) {
	if !c.has(name) || !c.given(name) {
		return nil
	}
	v, ok := c.value(name, t)
	if !ok {
		return nil
	}
	values := []cty.Value{v}
	if t.IsListType() {
		values = v.AsValueSlice()
	}
	for _, v := range values {
		key, err := seal.Key{}, seal.ErrKey
		if !v.IsNull() {
			key, err = seal.ParseKey(v.AsString())
		}
		if err != nil {
			c.bad(name, "Invalid key", "%s holds something that is not a key: %v. It is not repeated here. "+
				"`dirform keygen` makes one.", name, err)
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

// given refuses an argument that computes its keys, or an address, from sensitive values. Which key a file was sealed
// with can be seen by whoever may choose among keys that he knows, and messages name the host and the database of an
// address; so a configuration could tell a secret, bit by bit, to whoever gets its plans or the log.
func (c *content) given(name string) bool {
	expressions := []hclsyntax.Expression{c.attrs[name].Expr}
	if list, ok := c.attrs[name].Expr.(*hclsyntax.TupleConsExpr); ok {
		expressions = list.Exprs
	}
	for _, e := range expressions {
		if !c.l.secrets.Given(e) {
			c.ok = false
			refusal := computed[name]
			c.l.fail(e.Range().Ptr(), refusal[0], "%s can't be computed from sensitive values. Take a variable as it "+
				"was given, %s = %s, and set DIRFORM_SECRET_<variable>.%s", refusal[1], name, refusal[2], refusal[3])
			return false
		}
	}
	return true
}

// computed is what given says of an argument.
var computed = map[string][4]string{
	"key":      {"Computed key", "A key", "var.dirform_key"},
	"previous": {"Computed key", "A key", "[var.old_key]"},
	"url": {"Computed address", "The address of the state", "var.state_url",
		" Or write the address without what is secret: a database's password is taken from PGPASSWORD then, and a blob is asked for " +
			"with the identity of this machine or job."},
}

// Encryption are the keys that a configuration declares, for commands that need nothing else of it; nil if it declares none,
// or after the diagnostics' errors. Mistakes elsewhere, and variables without values that the keys do not use, are none.
func Encryption(o Options) (keys *seal.Keys, secrets []string, diags hcl.Diagnostics) {
	l, elsewhere := settings(o)
	if l.broken {
		return nil, nil, hcl.Diagnostics(l.diags)
	}
	secrets = l.secrets.Secrets(l.vars["var"], l.o.Environ)
	if l.cfg.Encryption != nil || !l.declares("encryption") {
		return l.cfg.Encryption, secrets, nil
	}
	l.secrets.Finish()
	return nil, secrets, missing(l.diags[elsewhere:], noKey, "The encryption block uses a variable without a value. "+giveKey)
}

// needEncryption reports keys that have no value: a variable may go without one, and they may not.
func (l *loader) needEncryption() {
	if l.cfg.Encryption == nil && l.declares("encryption") && !hcl.Diagnostics(l.diags).HasErrors() {
		l.diags.Fail(nil, noKey, "%s", "The encryption block uses a variable without a value. "+giveKey)
	}
}

const (
	noKey   = "The key of the encryption block is missing"
	giveKey = "Set DIRFORM_SECRET_<variable>, or give a --var-file FILE."
)

// declares reports whether the dirform block has a block of a type.
func (l *loader) declares(block string) bool {
	for _, b := range l.byType["dirform"] {
		for _, in := range b.Body.Blocks {
			if in.Type == block {
				return true
			}
		}
	}
	return false
}
