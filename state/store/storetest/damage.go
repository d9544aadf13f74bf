package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// damages are statements that make of a record of links what dirform never writes. Whether a row is missing nobody can
// know.
var damages = map[string]string{
	"no lineage":            "DELETE FROM {t}meta WHERE {mine} AND name = 'lineage'",
	"an empty lineage":      "UPDATE {t}meta SET value = '' WHERE {mine} AND name = 'lineage'",
	"no serial":             "DELETE FROM {t}meta WHERE {mine} AND name = 'serial'",
	"a serial that is none": "UPDATE {t}meta SET value = 'seven' WHERE {mine} AND name = 'serial'",
	"no domain":             "DELETE FROM {t}meta WHERE {mine} AND name = 'source_sid'",
	"no tenant":             "DELETE FROM {t}meta WHERE {mine} AND name = 'tenant_id'",
	"no key":                "DELETE FROM {t}meta WHERE {mine} AND name = 'key'",
	"a short key":           "UPDATE {t}meta SET value = 'AAAA' WHERE {mine} AND name = 'key'",
	"another key": "UPDATE {t}meta SET value = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' WHERE " +
		"{mine} AND name = 'key'",
	"another account": "UPDATE {t}links SET tenant_id = '00000000-0000-0000-0000-000000000009' WHERE " +
		"{mine} AND anchor = 'anchor-0000002'",
	"another anchor": "UPDATE {t}links SET anchor = 'anchor-0000009' WHERE {mine} AND anchor = " +
		"'anchor-0000002'",
	"no anchor":               "UPDATE {t}links SET anchor = '' WHERE {mine} AND anchor = 'anchor-0000002'",
	"another time":            "UPDATE {t}links SET left_at = 7 WHERE {mine} AND anchor = 'anchor-0000002'",
	"an unknown class":        "UPDATE {t}links SET class = 77 WHERE {mine} AND anchor = 'anchor-0000002'",
	"another scope":           "UPDATE {t}classes SET scope = 'sales' WHERE {mine}",
	"another rule":            "UPDATE {t}classes SET rule = 'linked' WHERE {mine}",
	"another kind":            "UPDATE {t}classes SET kind = 'group' WHERE {mine}",
	"as if they had left":     "UPDATE {t}classes SET left_scope = 1 WHERE {mine}",
	"other attributes":        `UPDATE {t}shapes SET attributes = '["mail","displayName","accountEnabled"]' WHERE {mine}`,
	"fewer attributes":        `UPDATE {t}shapes SET attributes = '["mail"]' WHERE {mine}`,
	"attributes that are not": "UPDATE {t}shapes SET attributes = 'mail' WHERE {mine}",
	"a run that is none":      "UPDATE {t}runs SET counts = 'many' WHERE {mine}",
	"a time that is none":     "UPDATE {t}runs SET started = 'then' WHERE {mine}",
	"somebody else's fingerprints": `UPDATE {t}links SET fingerprints = (SELECT fingerprints FROM {t}links
		WHERE {mine} AND anchor = 'anchor-0000001') WHERE {mine} AND anchor = 'anchor-0000002'`,
	"somebody else's object": `UPDATE {t}links SET source_guid = (SELECT source_guid FROM {t}links
		WHERE {mine} AND anchor = 'anchor-0000001') WHERE {mine} AND anchor = 'anchor-0000002'`,
}

// RunDamaged holds places whose records are tables of a SQL database to what they promise of damaged ones: what dirform
// never writes is refused, whoever comes, and `state rebuild` puts another in its place and keeps it. Each call of
// place is another place, which holds no record yet; change runs a statement with the marks of package tables against
// its tables. Of all damages one of so many is drawn in the short form.
func RunDamaged(t *testing.T, every int, place func(t *testing.T) (open func() store.Place,
	change func(marks func(table, mine string) string))) {
	for what, statement := range damages {
		if quick.Skips(every) {
			continue
		}
		t.Run(what, func(t *testing.T) {
			open, change := place(t)
			l := lock(t, open())
			must(t, begin(t, l).Records(t.Context(), []*state.Link{link(1), link(2), link(3)}))
			must(t, l.Close())
			change(func(table, mine string) string { return tables.Marks(table, mine, "", "").Replace(statement) })
			if n, err := countLinks(t, open()); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("%d links, and no word of damage: %v", n, err)
			} else if strings.Contains(err.Error(), "MDEyMzQ1") {
				t.Errorf("the key is told: %v", err)
			}
			l, damaged, err := open().Rebuild(t.Context(), options)
			must(t, err)
			if damaged == nil || damaged.KeptAs == "" {
				t.Fatal("it is taken for whole:", damaged)
			}
			w := begin(t, l)
			must(t, w.Records(t.Context(), []*state.Link{link(5)}))
			if n, err := countLinks(t, open()); !errors.Is(err, store.ErrDamaged) {
				t.Errorf("until it is made anew there are %d links: %v", n, err)
			}
			must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
			must(t, l.Close())
			same(t, "links made anew", links(t, load(t, open())), []*state.Link{link(5)})
		})
	}
}

// countLinks reads all of a record's links, and its history.
func countLinks(t testing.TB, p store.Place) (n int, err error) {
	r, err := p.Load(t.Context())
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for _, err := range r.Links(t.Context()) {
		if err != nil {
			return n, err
		}
		n++
	}
	_, err = r.Runs(t.Context(), 0)
	return n, err
}
