// Package signin gets access tokens for Microsoft Graph, by whichever way of signing in is configured, and renews them.
//
// The first of these that is there is taken; [choose] lists them in this order:
//
//  1. what the configuration names: an access token, a client secret, a client certificate
//  2. what the environment names: AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH
//  3. an identity token (assertion) for which the application has a federated credential: the file of a workload identity,
//     one in a variable or file of a job (GitLab), one that GitHub Actions or Azure Pipelines issue when asked
//  4. what the machine offers: a managed identity, then the Azure CLI and its relatives
//
// An assertion lives for minutes, so it is fetched anew for each access token, and access tokens are kept until shortly
// before they end, whoever needs them. A token that is another application's than the configured one, or another
// tenant's, is refused.
package signin
