# A small company: its accounts live in Active Directory, its mail in Office 365.
# Both directories are embedded labs here, so that everything can be tried without a server.

provider "ad" "corp" {
  lab = "lab" # seeded from lab/corp.ldif
}

provider "entra" "contoso" {
  lab = "lab" # seeded from lab/tenant.json
}

upn_suffix "contoso.com" {}

scope "staff" {
  ou      = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"
  exclude = ["OU=Service,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"]
}

mapping "staff" {
  scope  = scope.staff
  object = "user"
  preset = "default"
  attributes {
    userPrincipalName = lower(ad.userPrincipalName)
    displayName       = trimspace("${ad.givenName} ${ad.sn}")
    usageLocation     = upper(coalesce(ad.c, "HU"))
  }
  initial {
    preferredLanguage = "hu-HU"
  }
  unmanaged = ["faxNumber"]
}

link_policy "staff" {
  scope   = scope.staff
  match   = ["immutable_id", "primary_smtp", "user_principal_name"]
  leaving = "disable"
}

guard "default" {
  deletes {
    count = 0
  }
  disables {
    count = 2
  }
  source_shrink {
    percent = 50
  }
  protect = ["breakglass@contoso.com"]
}
