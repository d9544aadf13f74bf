package main

// languageText is "dirform help language". Its first part is a configuration that a test loads.
func languageText() string {
	return "THE LANGUAGE\n\nAll *.hcl files of one folder are one configuration. One with every kind of block:\n\n" +
		languageExample + languageNotes
}

const languageExample = `  dirform {
    required_version = ">= 0.1"
    state "file" { path = "contoso.dfstate" }         # the record of what is linked to what; default dirform.dfstate
  }

  variable "ad_password" {
    type      = string
    sensitive = true                                  # DIRFORM_SECRET_ad_password or --var-file; see "help sign-in"
  }

  provider "ad" "corp" {
    url      = "ldaps://dc1.corp.contoso.com"         # or urls = [...]; ldap:// needs start_tls = true
    base_dn  = "DC=corp,DC=contoso,DC=com"            # default: what the server says
    bind_dn  = "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com"
    password = var.ad_password                        # or kerberos { keytab = "..." principal = "..." }
  }

  provider "entra" "contoso" {
    tenant_id = "8d0f1b1e-0000-4000-8000-000000000001"  # credentials: as the Azure SDKs find them, or client_secret,
    client_id = "8d0f1b1e-0000-4000-8000-000000000002"  #   or client_certificate_file
  }

  upn_suffix "contoso.com" {}                         # the forest has it; the tenant has it as a verified domain

  directory_sync {                                    # optional: the switch of the whole tenant for Microsoft's sync clients
    enabled = false                                   #   dirform never needs it on; off cannot be undone for 72 hours
  }

  scope "staff" {                                     # what is synchronised
    ou      = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"
    exclude = ["OU=Service,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"]
    objects = ["user"]                                # the default
    filter  = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"   # LDAP, evaluated by the server
    where   = ad.employeeType != "robot"              # an expression, evaluated here
  }

  mapping "staff" {                                   # how an object looks in the cloud
    scope  = scope.staff
    object = "user"
    preset = "default"                                # the usual flows; the attributes below override or add
    attributes {
      displayName   = trimspace("${ad.givenName} ${ad.sn}")
      usageLocation = upper(coalesce(ad.c, "HU"))
    }
    initial {                                         # set when the account is created, never managed afterwards
      preferredLanguage = "hu-HU"
    }
    unmanaged = ["faxNumber"]                         # taken out of the preset
  }

  link_policy "staff" {                               # how accounts pair up
    scope            = scope.staff
    object           = "user"                         # a scope has one policy for each kind of its objects
    anchor           = "objectGUID"                   # or "ms-DS-ConsistencyGuid"
    match            = ["immutable_id", "primary_smtp", "user_principal_name"]   # tried in this order
    unmatched        = "create"                       # or "skip", "block"
    foreign_anchor   = "block"                        # or "relink": the account carries another domain's anchor
    synced_elsewhere = "block"                        # or "take_over": another sync engine masters it
    privileged       = "block"                        # or "allow": accounts with an Entra role are managed, but not taken over
    deleted          = "restore"                      # or "create", "block": the account with its anchor lies in the recycle bin
    leaving          = "disable"                      # or "keep", "unlink", "delete": it left the scope
    grace            = "30d"                          # disabled accounts that left are deleted after this time; "4w", "72h"

    on_unverified_suffix = "block"                    # or "initial_domain": a user name under the tenant's own domain
  }

  link "jane" {                                       # a pair decided by a person; beats every match rule
    source = "CN=Jane Doe,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"   # DN, objectGUID or UPN
    tenant = "jane.doe@contoso.com"                   # UPN or object id
  }

  guard "default" {                                   # limits on a whole plan; either part of a limit trips it
    deletes {
      count   = 5
      percent = 2
    }
    creates { count = 500 }
    source_shrink { percent = 10 }                    # fewer source objects than the last applied run
    protect = ["breakglass@contoso.com"]              # never changed, whatever else says so
  }
`

const languageNotes = `
NULL

  An attribute that an object lacks is null. A mapping that gives null clears the attribute in the cloud; an attribute that no
  mapping names is not managed and never shown. In a template null is the empty string.

DEFAULTS

  A scope without a mapping gets the preset, one without a link_policy gets the first value of every setting above and no grace:
  disabled accounts are not deleted. Without a guard block a built-in one allows 500 deletes, disables, unlinks and relinks each
  and, once more than 10 objects are linked, 10 % of them; and a source that shrank by 20 %.

SECRETS

  Sensitive variables and env() go into credentials only, by themselves or by way of locals: password, keytab, client_secret,
  client_certificate_file and access_token. Anywhere else they are an error, because everything else is shown somewhere. A variable
  is sensitive if it is declared so, or set by DIRFORM_SECRET_NAME. See "dirform help sign-in".

MATCHING

  The record decides first, then a link block, then the match rules in their order. Rule immutable_id looks into the recycle bin
  too, unless the policy has deleted = "create": whoever comes back gets the account with the own anchor, although somebody else
  has the address by now. That conflict is a finding.

LEAVING

  Whoever is in no scope any more is treated as leaving says, once; the record keeps a disabled or kept account until its source
  object comes back. The grace is counted from the day of the disabling. Enabling the account elsewhere within it does not
  prolong it; if that happens when it is over, the account is disabled again and its grace begins anew. A scope block that is
  taken out takes its link_policy with it: the default, leaving = "disable" without a grace, applies to its people, and those who
  are disabled stay so and are not deleted. To let accounts go untouched keep the scope with leaving = "keep", or take them out of
  the record first (dirform state rm).

ALIASES

  proxyAddresses, which the preset maps, is compared and never written: Microsoft Graph only reads it. The primary address (SMTP:)
  follows mail. Where the further ones (smtp:) differ, the plan says so (DF302) with the command for Exchange Online, and
  plan --aliases-script FILE writes all commands to a file. Other types, addresses under *.onmicrosoft.com and those in domains
  which the tenant has not verified are left alone, and so are the aliases of an account whose source object has no value at all.
  It is no change and no drift, and unmanaged = ["proxyAddresses"] ends it.

WHAT NO POLICY ALLOWS

  Whatever privileged says, the account that dirform is signed in with is never changed; the last enabled Global Administrator is
  neither disabled, deleted, renamed nor taken over, and several are not taken out of service by one plan; and no account with a
  role gets an anchor, or is paired by one. Where the tenant's switches for sync clients can be read, which takes a person who is
  signed in, new pairs honour them; what is recorded, and what a link block decides, is not affected.

THE TENANT'S SWITCH

  Without a directory_sync block nobody looks at it. The block plans directory_sync["contoso"], under the provider's name: switched
  on before everything else, and off after it. What follows from either stands in the plan (DF305, DF306).

PLAYING

  lab = "FOLDER" inside a provider replaces the real directory by an embedded one; see "dirform help lab".

See also "dirform help functions".
`
