package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// Hosts are the hosts that credentials were sent to in the last apply, besides those that may always get them. recorded
// is false while no apply has noted any, as in a record that does not exist, or was written before hosts were noted.
func (s *Store) Hosts(ctx context.Context) (hosts []string, recorded bool, err error) {
	err = s.each(ctx, "SELECT value FROM meta WHERE name = 'hosts'", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		recorded = true
		if err := json.Unmarshal([]byte(text), &hosts); err != nil {
			return damaged(s.path, fmt.Sprintf("its list of hosts is not as dirform writes it: %v", err))
		}
		return nil
	})
	return hosts, recorded, err
}

// noteHosts notes the hosts of a run in place of those of the last one; nil leaves them.
func noteHosts(ctx context.Context, tx *sql.Tx, hosts []string) error {
	if hosts == nil {
		return nil
	}
	text, err := json.Marshal(hosts)
	if err != nil {
		return err
	}
	return putMeta(ctx, tx, "hosts", string(text))
}
