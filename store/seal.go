package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
)

// sealedColumn is a column whose texts are sealed: who reads the database's file, or a copy of it, without the key file
// reads nothing personal in it. Rotating the key and erasing an identity walk the list of them.
type sealedColumn struct {
	table, column string
	lookup        string // a column of the same table with the text's keyed hash, by which it is found again; empty for none
	fold          bool   // texts that differ by case or the space around them alone have one hash
	null          bool   // the empty text is NULL

	of    string   // the condition that chooses the rows of resident $1; empty where the column is not about residents
	blank []string // of a JSON text the members that an erasure empties; none for the whole text
	drop  bool     // an erasure removes the row
}

// Conditions for sealedColumn.of.
const (
	ofResident   = `resident_id = $1`
	ofAssessment = `assessment_id IN (SELECT id FROM assessments WHERE resident_id = $1)`
)

// sealedColumns lists every sealed column. Each table has its key in the column id.
var sealedColumns = []sealedColumn{
	{table: "residents", column: "name", of: `id = $1`},
	{table: "residents", column: "room", of: `id = $1`},
	{table: "residents", column: "external_id", lookup: "external_key", null: true, of: `id = $1`},
	{table: "residents", column: "details", of: `id = $1`},
	{table: "consents", column: "body", of: ofResident, blank: []string{"given_by", "note", "withdrawn_by"}},
	{table: "baselines", column: "body", of: ofResident, drop: true},
	{table: "reliefs", column: "body", of: ofResident, blank: []string{"remarks"}},
	{table: "schedules", column: "body", of: ofResident, drop: true},
	{table: "pauses", column: "body", of: ofResident, drop: true},
	{table: "happenings", column: "body", of: ofResident, drop: true},
	{table: "escalations", column: "body", of: ofResident, drop: true},
	{table: "assessments", column: "remarks", of: ofResident},
	{table: "assessments", column: "reason", of: ofResident},
	{table: "assessment_changes", column: "previous", of: ofAssessment, blank: []string{"remarks", "reason"}},
	{table: "once", column: "answer", of: ofResident},
	{table: "assessments", column: "created_by_name"},
	{table: "assessments", column: "changed_by_name"},
	{table: "assessments", column: "confirmed_by_name"},
	{table: "sessions", column: "opened_by_name"},
	{table: "users", column: "name", lookup: "name_key", fold: true},
	{table: "audit", column: "by_name"},
	{table: "webhooks", column: "body"}, // the address may hold a secret, and headers do
	{table: "webhooks", column: "secret"},
	{table: "webhooks", column: "old_secret"},
}

// sealedColumnOf finds a column in the list.
func sealedColumnOf(table, column string) (sealedColumn, error) {
	for _, c := range sealedColumns {
		if c.table == table && c.column == column {
			return c, nil
		}
	}
	return sealedColumn{}, fmt.Errorf("seal %s.%s: the column is not in the list of sealed columns", table, column)
}

// place is what a sealed text is bound to.
func place(table, column, id string) string { return table + "." + column + ":" + id }

// sealing is an argument of a statement that is sealed on its way into the database.
type sealing struct {
	ring                    *keyring
	table, column, id, text string
}

// seal makes a statement's argument of a personal text for a column of sealedColumns, in the row with an id.
func (s *Store) seal(table, column, id, text string) driver.Valuer {
	return sealing{s.keys, table, column, id, text}
}

// Value seals the text. The empty text stays empty, or is NULL where the column says so.
func (v sealing) Value() (driver.Value, error) {
	c, err := sealedColumnOf(v.table, v.column)
	if err != nil {
		return nil, err
	}
	if v.text == "" && c.null {
		return nil, nil
	}
	return v.ring.now().seal(place(v.table, v.column, v.id), v.text)
}

// unsealing is where Scan puts a sealed text.
type unsealing struct {
	ring          *keyring
	table, column string
	id, into      *string
}

// unseal makes a destination for Scan that opens the sealed text of a column. The row's id must stand before it in the same
// Scan, because it is read when the text is.
func (s *Store) unseal(table, column string, id, into *string) sql.Scanner {
	return unsealing{s.keys, table, column, id, into}
}

// Scan opens the text; NULL is the empty text.
func (v unsealing) Scan(from any) error {
	var text sql.NullString
	if err := text.Scan(from); err != nil {
		return fmt.Errorf("read %s.%s: %w", v.table, v.column, err)
	}
	var err error
	*v.into, err = v.ring.open(place(v.table, v.column, *v.id), text.String)
	return err
}

// lookup returns the keyed hash by which a sealed text is found again: the same text gives the same hash, and without the key
// nobody can try texts. The empty text gives NULL, so that a UNIQUE column allows many. It asks q for the key in use, because
// another program may have rotated it.
func (s *Store) lookup(ctx context.Context, q queryer, table, column, text string) (sql.NullString, error) {
	c, err := sealedColumnOf(table, column)
	if err == nil {
		err = s.useKey(ctx, q)
	}
	if err != nil || text == "" {
		return sql.NullString{}, err
	}
	h, err := c.hash(s.keys.now(), text)
	return sql.NullString{String: h, Valid: err == nil}, err
}

func (c sealedColumn) hash(k *key, text string) (string, error) {
	if c.fold {
		text = strings.ToLower(strings.TrimSpace(text))
	}
	return k.hash(c.table+"."+c.column, text)
}
