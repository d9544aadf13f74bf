package tables

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// The names in the table meta that every record has. MetaKey is there from layout 3 on: 32 bytes in base64.
const (
	metaLineage, metaSerial, metaSource, metaTenant = "lineage", "serial", "source_sid", "tenant_id"

	MetaKey = "key"
)

// Values is the table meta.
func Values(ctx context.Context, q Reader) (map[string]string, error) {
	values := map[string]string{}
	err := q.Each(ctx, "SELECT name, value FROM {t}meta WHERE {mine}", func(scan func(...any) error) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		values[name] = value
		return nil
	})
	return values, err
}

// Identity is what the table meta says; what is wrong with it otherwise. sealed says that it has a key.
func Identity(values map[string]string, sealed bool) (m store.Meta, what string) {
	names := []string{metaLineage, metaSerial, metaSource, metaTenant}
	if sealed {
		names = append(names, MetaKey)
	}
	if values[metaLineage] == "" {
		return m, "it has no " + metaLineage
	}
	for _, name := range names[1:] {
		if _, ok := values[name]; !ok {
			return m, "it has no " + name
		}
	}
	m = store.Meta{Exists: true, Lineage: values[metaLineage], SourceSID: values[metaSource], TenantID: values[metaTenant]}
	var err error
	if m.Serial, err = strconv.ParseInt(values[metaSerial], 10, 64); err != nil {
		return m, fmt.Sprintf("its serial is not as dirform writes it: %v", err)
	}
	if sealed {
		key, err := base64.StdEncoding.DecodeString(values[MetaKey])
		if err != nil || copy(m.Key[:], key) != len(m.Key) || len(key) != len(m.Key) {
			return m, "its key is not as dirform writes it"
		}
	}
	return m, ""
}

// KeyText is how a key stands in the table meta.
func KeyText(k state.Key) string { return base64.StdEncoding.EncodeToString(k[:]) }

// PutMeta notes a value in the table meta.
func PutMeta(ctx context.Context, tx DB, name, value string) error {
	n, err := tx.Exec(ctx, "UPDATE {t}meta SET value = $1 WHERE {mine} AND name = $2", value, name)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO {t}meta ({record,} name, value) VALUES ({its,} $1, $2)", name, value)
	return err
}

// Found is the identity of a record that a run makes, once its tables are there.
func (w *Writer) Found(ctx context.Context, tx DB) (m store.Meta, err error) {
	m = store.Meta{Exists: true, Lineage: w.Info.Lineage, SourceSID: w.Info.SourceSID, TenantID: w.Info.TenantID, Key: w.Info.Key}
	if m.Key.IsZero() {
		if m.Key, err = store.NewKey(); err != nil {
			return m, err
		}
	}
	for name, value := range map[string]string{metaLineage: m.Lineage, metaSource: m.SourceSID, metaTenant: m.TenantID, MetaKey: KeyText(m.Key)} {
		if err := PutMeta(ctx, tx, name, value); err != nil {
			return m, err
		}
	}
	return m, nil
}
