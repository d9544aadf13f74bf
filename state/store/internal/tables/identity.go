package tables

import (
	"context"
	"fmt"
	"strconv"

	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/wrap"
)

// The names in the table meta that every record has. Its key is there besides, see package wrap.
const metaLineage, metaSerial, metaSource, metaTenant = "lineage", "serial", "source_sid", "tenant_id"

// metaFormer is there in a record that was moved to another domain.
const metaFormer = "former_sid"

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

// Identity is what the table meta says, without the key; what is wrong with it otherwise.
func Identity(values map[string]string) (m store.Meta, what string) {
	names := []string{metaLineage, metaSerial, metaSource, metaTenant}
	if values[metaLineage] == "" {
		return m, "it has no " + metaLineage
	}
	for _, name := range names[1:] {
		if _, ok := values[name]; !ok {
			return m, "it has no " + name
		}
	}
	m = store.Meta{Exists: true, Lineage: values[metaLineage], SourceSID: values[metaSource], TenantID: values[metaTenant],
		FormerSID: values[metaFormer], MovedTo: values[metaMoved]}
	var err error
	if m.Serial, err = strconv.ParseInt(values[metaSerial], 10, 64); err != nil {
		return m, fmt.Sprintf("its serial is not as dirform writes it: %v", err)
	}
	return m, ""
}

// NoteKey notes the key of the record m in the table meta, as the configured keys of encryption want it.
func NoteKey(ctx context.Context, tx DB, m store.Meta, keys *seal.Keys) error {
	name, value, err := wrap.Note(m.Key, keys, m.Lineage)
	if err == nil {
		err = PutMeta(ctx, tx, name, value)
	}
	if err == nil {
		_, err = tx.Exec(ctx, "DELETE FROM {t}meta WHERE {mine} AND name = $1", wrap.Other(name))
	}
	return err
}

// PutMeta notes a value in the table meta.
func PutMeta(ctx context.Context, tx DB, name, value string) error {
	n, err := tx.Exec(ctx, "UPDATE {t}meta SET value = $1 WHERE {mine} AND name = $2", value, name)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO {t}meta ({record,} name, value) VALUES ({its,} $1, $2)", name, value)
	return err
}

// Found is the identity of a record that a run makes, once its tables are there. keys wrap its key.
func (w *Writer) Found(ctx context.Context, tx DB, keys *seal.Keys) (m store.Meta, err error) {
	m = store.Meta{Exists: true, Lineage: w.Info.Lineage, SourceSID: w.Info.SourceSID, TenantID: w.Info.TenantID, Key: w.Info.Key}
	if m.Key.IsZero() {
		if m.Key, err = store.NewKey(); err != nil {
			return m, err
		}
	}
	for name, value := range map[string]string{metaLineage: m.Lineage, metaSource: m.SourceSID, metaTenant: m.TenantID} {
		if err := PutMeta(ctx, tx, name, value); err != nil {
			return m, err
		}
	}
	return m, NoteKey(ctx, tx, m, keys)
}
