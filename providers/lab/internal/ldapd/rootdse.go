package ldapd

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tell sets the clock that clients are shown as currentTime.
func (d *Directory) Tell(now func() time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tells = now
}

// appendRootDSE answers a base search of the empty name, which needs no bind. tokens says that the account's groups are
// shown to those who ask for them by name.
func (d *Directory) appendRootDSE(b []byte, id int64, names []string, typesOnly, tokens bool) []byte {
	start := len(b)
	b = begin(b, tagSequence)
	b = appendInteger(b, tagInteger, id)
	op := len(b)
	b = begin(b, tagSearchEntry)
	b = appendTLV(b, tagOctetString, "")
	list := len(b)
	b = begin(b, tagSequence)
	rows := d.rootAttributes()
	if tokens && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, "tokenGroups") }) {
		rows = append(rows, []string{"tokenGroups", authenticatedUsers})
	}
	for _, row := range rows {
		if !wanted(names, row[0]) {
			continue
		}
		at := len(b)
		b = begin(b, tagSequence)
		b = appendTLV(b, tagOctetString, row[0])
		set := len(b)
		b = begin(b, tagSet)
		for _, v := range row[1:] {
			if !typesOnly {
				b = appendTLV(b, tagOctetString, v)
			}
		}
		end(b, set)
		end(b, at)
	}
	end(b, list)
	end(b, op)
	end(b, start)
	return b
}

func wanted(names []string, label string) bool {
	for _, n := range names {
		if n == "*" || n == "+" || strings.EqualFold(n, label) {
			return true
		}
	}
	return len(names) == 0
}

func (d *Directory) rootAttributes() [][]string {
	base, config, schema := d.root.dn(), d.config.dn(), d.schemaNC.dn()
	host := "dc1." + d.domain
	return [][]string{
		{"currentTime", string(appendMoment(nil, d.tells().Unix()))},
		{"subschemaSubentry", "CN=Aggregate," + schema},
		{"dsServiceName", d.server.dn()},
		{"namingContexts", base, config, schema},
		{"defaultNamingContext", base},
		{"schemaNamingContext", schema},
		{"configurationNamingContext", config},
		{"rootDomainNamingContext", base},
		append([]string{"supportedControl"}, supportedControls...),
		{"supportedLDAPVersion", "3", "2"},
		{"supportedLDAPPolicies", "MaxPageSize", "MaxValRange", "MaxResultSetsPerConn"},
		{"supportedExtension", oidStartTLS, oidWhoAmI},
		{"highestCommittedUSN", strconv.FormatUint(d.usn, 10)},
		{"dnsHostName", host},
		{"ldapServiceName", d.domain + ":dc1$@" + strings.ToUpper(d.domain)},
		{"serverName", d.server.parent.dn()},
		{"supportedCapabilities", "1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1791",
			"1.2.840.113556.1.4.1935", "1.2.840.113556.1.4.2080"},
		{"isSynchronized", "TRUE"},
		{"isGlobalCatalogReady", "TRUE"},
		{"domainFunctionality", "7"},
		{"forestFunctionality", "7"},
		{"domainControllerFunctionality", "7"},
	}
}
