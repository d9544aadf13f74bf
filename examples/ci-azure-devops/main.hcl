# Who is synchronised, and how: what pull requests change. Where it happens is in providers.hcl.

scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}

mapping "staff" {
  scope  = scope.staff
  preset = "default"
}
