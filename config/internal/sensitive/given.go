package sensitive

import "github.com/hashicorp/hcl/v2/hclsyntax"

// AsGiven refuses the expression of an argument that computes keys, or an address, from sensitive values. Which key a file was sealed
// with can be seen by whoever may choose among keys that he knows, and messages name the host and the database of an
// address; so a configuration could tell a secret, bit by bit, to whoever gets its plans or the log.
func (k *Keeper) AsGiven(name string, e hclsyntax.Expression) bool {
	expressions := []hclsyntax.Expression{e}
	if list, ok := e.(*hclsyntax.TupleConsExpr); ok {
		expressions = list.Exprs
	}
	for _, e := range expressions {
		if !k.Given(e) {
			refusal := computed[name]
			k.diags.Fail(e.Range().Ptr(), refusal[0], "%s can't be computed from sensitive values. Take a variable as it "+
				"was given, %s = %s, and set DIRFORM_SECRET_<variable>.%s", refusal[1], name, refusal[2], refusal[3])
			return false
		}
	}
	return true
}

// computed is what AsGiven says of an argument.
var computed = map[string][4]string{
	"key":      {"Computed key", "A key", "var.dirform_key"},
	"previous": {"Computed key", "A key", "[var.old_key]"},
	"url": {"Computed address", "The address of the state", "var.state_url",
		" Or write the address without what is secret: a database's password is taken from PGPASSWORD then, and a blob is asked for " +
			"with the identity of this machine or job."},
}
