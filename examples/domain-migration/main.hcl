# A company leaves its Active Directory for a new one. Its accounts in the tenant stay; they carry the anchors of the old domain and
# are to get those of the new one. Both sides are embedded labs here, so that the move can be rehearsed.

provider "ad" "corp" {
  lab = "lab" # the new domain, seeded from lab/corp.ldif
}

provider "entra" "contoso" {
  lab = "lab" # the tenant as the old domain has left it, seeded from lab/tenant.json
}

upn_suffix "contoso.com" {}

scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}

link_policy "staff" {
  scope          = scope.staff
  anchor         = "ms-DS-ConsistencyGuid" # survives the next move, and may have been carried over from the old domain
  match          = ["immutable_id", "primary_smtp", "user_principal_name"]
  foreign_anchor = "relink" # accounts may carry another domain's anchor: give them the new one
  unmatched      = "block"  # while the move lasts, nobody gets a second account because the first was not found
  leaving        = "keep"   # nor is anybody disabled because the new domain does not have them yet
}

# She has another name in the new domain, so no rule finds her account.
link "fiona" {
  source = "CN=Fiona Gray,OU=Staff,DC=corp,DC=contoso,DC=com"
  tenant = "fiona.stone@contoso.com"
}

guard "move" {
  relinks {
    count   = 10
    percent = 100 # all of them move
  }
  disables {
    count = 0
  }
  protect = ["breakglass@contoso.com"]
}
