# The same move while the old domain can still be read: people go over in waves, each when the old object leaves its scope.

provider "ad" "old" {
  lab = "old"
}

provider "ad" "new" {
  lab = "lab"
}

provider "entra" "contoso" {
  lab = "lab"
}

scope "legacy" {
  provider = provider.ad.old
  ou       = "OU=People,DC=fabrikam,DC=local"
}

scope "staff" {
  provider = provider.ad.new
  ou       = "OU=Staff,DC=corp,DC=contoso,DC=com"
}

link_policy "legacy" {
  scope = scope.legacy
}

link_policy "staff" {
  scope          = scope.staff
  foreign_anchor = "relink"
  unmatched      = "block"
}
