package tables

import (
	"context"
	"encoding/json"
	"fmt"
)

// Hosts are the hosts that credentials were sent to in the last apply, besides those that may always get them. recorded
// is false while no apply has noted any, as in a record that does not exist, or was written before hosts were noted.
func (r *Record) Hosts(ctx context.Context) (hosts []string, recorded bool, err error) {
	err = r.from.Each(ctx, "SELECT value FROM {t}meta WHERE {mine} AND name = 'hosts'", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		recorded = true
		if err := json.Unmarshal([]byte(text), &hosts); err != nil {
			return r.from.Damaged(fmt.Sprintf("its list of hosts is not as dirform writes it: %v", err))
		}
		return nil
	})
	return hosts, recorded, err
}

// noteHosts notes the hosts of a run in place of those of the last one; nil leaves them.
func noteHosts(ctx context.Context, tx DB, hosts []string) error {
	if hosts == nil {
		return nil
	}
	text, err := json.Marshal(hosts)
	if err != nil {
		return err
	}
	return PutMeta(ctx, tx, "hosts", string(text))
}
