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

// given refuses an argument that computes its keys, or an address, from sensitive values.
func (c *content) given(name string) bool {
	ok := c.l.secrets.AsGiven(name, c.attrs[name].Expr)
	c.ok = c.ok && ok
	return ok
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
	if l.o.SecretsOptional && !l.o.Elsewhere && l.cfg.Encryption == nil && l.declares("encryption") && !hcl.Diagnostics(l.diags).HasErrors() {
		l.diags.Fail(nil, noKey, "%s", "The encryption block uses a variable without a value. "+giveKey)
	}
}

const noKey = "The key of the encryption block is missing"
const giveKey = "Set DIRFORM_SECRET_<variable>, or give a --var-file FILE."

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
