package main

// signInText is "dirform help sign-in".
func signInText() string {
	return `SIGN-IN

ACTIVE DIRECTORY

  bind_dn and password in the provider "ad" block, or a kerberos block with keytab and principal, or with ccache.

ENTRA

  The first of these that is there:

  1. in the provider "entra" block: access_token; client_secret with client_id; client_certificate_file (PEM or PFX, with
     its key) with client_id
  2. in the environment: AZURE_CLIENT_SECRET, then AZURE_CLIENT_CERTIFICATE_PATH (and AZURE_CLIENT_CERTIFICATE_PASSWORD)
  3. workload identity: AZURE_FEDERATED_TOKEN_FILE
  4. the identity token of a GitHub Actions job that has "permissions: id-token: write": no secret is kept anywhere
  5. what the Azure SDKs find by themselves: managed identity, then "az login" and the other tools

  tenant_id and client_id may be left to AZURE_TENANT_ID and AZURE_CLIENT_ID. environment names another cloud;
  endpoint, authority and ca_file another server.

SECRETS

  Secrets reach a configuration in variables:

  DIRFORM_SECRET_<variable>  in the environment: the value of a variable, which is sensitive then, whatever its declaration
                             says. It wins over DIRFORM_VAR_<variable>.
  --var-file FILE            NAME = VALUE lines, for files that only their owner may read
  --var NAME=VALUE           is not for secrets: other users of the machine see it in the list of processes. dirform warns
                             of it.

  Sensitive values, and what env() gives, go into credentials only: password, keytab, client_secret,
  client_certificate_file and access_token, by themselves or by way of locals. Anywhere else they are an error,
  because everything else is shown in plans, errors or logs. If an expression over sensitive values fails, dirform
  tells that one of them does, and not which one or why.

HOSTS

  A configuration says where credentials are sent: url, urls, krb5_conf, endpoint, authority. Whoever runs dirform
  says where they may be sent:

  DIRFORM_ALLOW_HOSTS=dc1.corp.contoso.com,dc2.corp.contoso.com

  is the whole list, of names without port, path or wildcard. If it is set to nothing, it names none. The login and
  Graph hosts of Microsoft's clouds and this machine always belong to it. A provider with another host is refused
  before anything is sent. A host that AZURE_AUTHORITY_HOST names counts as well, unless authority is set.

  Where it is not set, the list is what the last apply used, which the record keeps. While the record has none, any
  host gets credentials, and a line "Credentials go to:" names those that do. The configuration says which record
  that is.

  Neither redirects, nor addresses of further pages, nor an authority's own document, nor referrals of LDAP servers
  take credentials to another host. What the platform of a job names in its own variables, such as GitHub's token
  service, is asked for identity tokens.

IN CI

  The author of a pull request can write any configuration. So a job that has credentials gives them as
  DIRFORM_SECRET_<variable>, not as DIRFORM_VAR_<variable>, and sets DIRFORM_ALLOW_HOSTS, both in the pipeline's own
  settings:

  env:
    DIRFORM_SECRET_ad_password: ${{ secrets.AD_PASSWORD }}
    DIRFORM_ALLOW_HOSTS: dc1.corp.contoso.com
  run: dirform plan --out plan.dfplan

  Then a configuration can neither show the password nor have it sent elsewhere. It is no protection against who can change the
  pipeline itself, or run programs in its jobs.
`
}
