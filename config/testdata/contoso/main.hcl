dirform {
  required_version = ">= 0.1"
  state "file" { path = "contoso.dfstate" }
}

variable "ad_password" {
  type      = string
  sensitive = true                      # from --var, --var-file or DIRFORM_VAR_ad_password
}

provider "ad" "corp" {
  url      = "ldaps://dc1.corp.contoso.com"            # or urls = [...]; ldap:// needs start_tls = true
  base_dn  = "DC=corp,DC=contoso,DC=com"               # default: the server's defaultNamingContext
  ca_file  = "corp-ca.pem"
  bind_dn  = "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com"
  password = var.ad_password                           # or: kerberos { keytab = ... principal = ... }
}

provider "entra" "contoso" {
  tenant_id = "8d0f1b1e-..."                           # credentials: as the Azure SDKs find them (environment,
  client_id = "..."                                    #   workload identity/OIDC, managed identity, Azure CLI),
}                                                      #   or client_secret / client_certificate_file
upn_suffix "contoso.com" {}                            # the forest has it; the tenant has it as a verified domain

scope "staff" {
  ou      = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"       # or ous = [...]
  exclude = ["OU=Service,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"]
  objects = ["user"]
  filter  = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"      # LDAP, evaluated by the server
  where   = ad.employeeType != "robot"                               # an expression, evaluated here
}

mapping "staff" {
  scope  = scope.staff
  object = "user"
  preset = "default"                    # the usual AD → Entra flows; attributes below override or add
  attributes {
    userPrincipalName = lower(ad.userPrincipalName)
    displayName       = trimspace("${ad.givenName} ${ad.sn}")
    department        = ad.department
    usageLocation     = upper(coalesce(ad.c, "HU"))
  }
  initial {                             # set when the account is created, never managed afterwards
    preferredLanguage = "hu-HU"
  }
  unmanaged = ["faxNumber"]             # taken out of the preset
}

link_policy "staff" {
  scope           = scope.staff
  anchor          = "ms-DS-ConsistencyGuid"     # or "objectGUID" (default)
  match           = ["immutable_id", "primary_smtp", "user_principal_name"]   # tried in this order
  unmatched       = "create"            # | "skip" | "block"
  foreign_anchor  = "block"             # | "relink": the account carries another domain's anchor (migration)
  synced_elsewhere = "block"            # | "take_over": another sync engine masters it
  privileged      = "block"             # | "allow": it holds an Entra role
  deleted         = "restore"           # | "create" | "block": the match lies in the recycle bin
  leaving         = "disable"           # | "keep" | "unlink" | "delete": it left the scope
}

link "jane" {                           # a pair decided by a person; beats every match rule
  source = "CN=Jane Doe,OU=…"           # DN, objectGUID or UPN
  tenant = "jane.doe@contoso.com"       # UPN or object id
}

guard "default" {
  deletes {
    count = 5  
    percent = 2 
  }   # either limit trips it; same for disables, unlinks, relinks,
  creates  { count = 500 }              #   updates, creates, member_removals
  source_shrink { percent = 10 }        # fewer source objects than the last applied run
  protect = ["breakglass@contoso.com"]  # never changed, whatever else says so
}
