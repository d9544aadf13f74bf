# Where it happens. Who signs in, and with which rights, is the pipeline's matter: the job that plans has accounts that
# read, the one that applies has others. Secrets come as DIRFORM_SECRET_<variable>.

variable "state_url" { sensitive = true }
variable "dirform_key" { sensitive = true }
variable "ad_bind_dn" {}
variable "ad_password" { sensitive = true }

dirform {
  state "postgres" {
    url  = var.state_url
    name = "contoso"
  }

  encryption {
    key = var.dirform_key
  }
}

provider "ad" "corp" {
  url      = "ldaps://dc1.corp.contoso.com"
  bind_dn  = var.ad_bind_dn
  password = var.ad_password
}

provider "entra" "contoso" {
  tenant_id = "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99"
}
