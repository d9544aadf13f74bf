# A company that has synchronised with Entra Connect and is to be synchronised with dirform.
# Both directories are embedded labs here, so that the change can be rehearsed without either.

provider "ad" "corp" {
  lab = "lab" # seeded from lab/corp.ldif
}

provider "entra" "contoso" {
  lab = "lab" # seeded from lab/tenant.json
}

variable "synced_elsewhere" {
  type    = string
  default = "block" # "take_over" is the change itself
}

scope "people" {
  ou = "OU=People,DC=corp,DC=contoso,DC=com"
}

mapping "people" {
  scope  = scope.people
  object = "user"
  preset = "default"
  attributes {
    extensionAttribute3 = ad.extensionAttribute3 # the cost centre
  }
}

link_policy "people" {
  scope            = scope.people
  anchor           = "ms-DS-ConsistencyGuid" # what Entra Connect has used since 2017
  match            = ["immutable_id"]        # nobody is paired on weaker evidence
  unmatched        = "create"
  synced_elsewhere = var.synced_elsewhere
  leaving          = "disable"
}

guard "default" {
  creates {
    count = 1
  }
  protect = ["breakglass@contoso.com"]
}
