// Package replication tells how far a domain controller's copy of the directory has come.
package replication

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Entry reads one object; the rootDSE's name is "".
type Entry func(ctx context.Context, dn string, attributes []string, controls []ldap.Control) (*ldap.Entry, error)

// Position asks a domain controller of the domain with this distinguished name.
func Position(ctx context.Context, entry Entry, domain string) (p providers.Position, err error) {
	root, err := entry(ctx, "", []string{"dsServiceName", "highestCommittedUSN"}, nil)
	if err != nil {
		return p, err
	}
	if p.USN, err = strconv.ParseInt(root.GetAttributeValue("highestCommittedUSN"), 10, 64); err != nil {
		return p, err
	}
	service, err := entry(ctx, root.GetAttributeValue("dsServiceName"), []string{"invocationId"}, nil)
	if err != nil {
		return p, err
	}
	if copy(p.Invocation[:], service.GetRawAttributeValue("invocationId")) != len(p.Invocation) {
		return p, fmt.Errorf("%q shows no invocationId", service.DN)
	}
	head, err := entry(ctx, domain, []string{"replUpToDateVector"}, nil)
	if err == nil {
		p.Seen = UpToDate(head.GetRawAttributeValue("replUpToDateVector"))
	}
	return p, err
}

// UpToDate reads an up-to-dateness vector (MS-DRSR 5.165, 5.166): of which other copies the server has which changes. It is nil
// for one that does not show or has another form.
func UpToDate(b []byte) map[state.GUID]int64 {
	if len(b) < 16 {
		return nil
	}
	size := map[uint32]int{1: 24, 2: 32}[binary.LittleEndian.Uint32(b)]
	n := int(binary.LittleEndian.Uint32(b[8:]))
	if b = b[16:]; size == 0 || n > len(b)/size {
		return nil
	}
	seen := make(map[state.GUID]int64, n)
	for ; n > 0; n-- {
		seen[state.GUID(b[:16])] = int64(binary.LittleEndian.Uint64(b[16:]))
		b = b[size:]
	}
	return seen
}
