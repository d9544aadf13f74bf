// Package graphd is a Microsoft Entra tenant in miniature: the part of Microsoft Graph and of the OAuth token endpoint that a
// directory synchroniser uses, served over real HTTPS from memory.
//
// It behaves as the service is documented to: required properties, lengths, verified domains, uniqueness over users, groups
// and contacts, the recycle bin with its renamed user principal names, role holders that an application may not touch,
// objects that another sync engine masters, pages, batches, throttling, and the exact error bodies. What is inferred rather
// than documented says so beside the code. Faults (lost connections, outages, throttling, delayed visibility, cut pages) are
// switched on at run time with [Tenant.SetFaults].
//
// Users and groups are read, written and followed with delta queries; contacts are read; references, licences, domains, roles,
// the recycle bin and the tenant's synchronization settings have their paths, which routes lists. Queries may ask for what the
// service's tables of filters, sorting and searching allow, with ConsistencyLevel: eventual where these say so. Membership
// rules of dynamic groups are not evaluated, and every domain that is to be verified passes, since there is no DNS to look in.
//
// An object is kept as one string of property numbers and raw JSON values, so that listing 100,000 users copies bytes and
// encodes nothing. [Tenant.OnChange] hands every acknowledged write to a journal, and [Tenant.Apply] replays one.
package graphd
