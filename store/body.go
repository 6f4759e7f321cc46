package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"wince/care"
)

// Many records are kept as one sealed JSON text, the body, beside the few columns that queries look for.

// sealBody makes a statement's argument of a record for the body of its table.
func (s *Store) sealBody(table, column, id string, v any) (driver.Valuer, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", table, err)
	}
	return s.seal(table, column, id, string(b)), nil
}

// readBody reads a record from its row's columns id and body.
func readBody[T any](s *Store, table string, row interface{ Scan(...any) error }) (*T, error) {
	_, v, err := readNamed[T](s, table, row)
	return v, err
}

// readNamed is readBody with the record's id.
func readNamed[T any](s *Store, table string, row interface{ Scan(...any) error }) (id string, v *T, err error) {
	var text string
	if err := row.Scan(&id, s.unseal(table, "body", &id, &text)); err != nil {
		return "", nil, err
	}
	v = new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return "", nil, fmt.Errorf("read %s %s: %w", table, id, err)
	}
	return id, v, nil
}

// queryer is a database, a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// snapshot lets read see one state of the database throughout, whatever is changed meanwhile. It holds up nobody.
func (s *Store) snapshot(ctx context.Context, read func(queryer) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	return s.sentence(read(tx))
}

// bodies reads the records of a table that meet a condition, which may go on with an order and a limit.
func bodies[T any](ctx context.Context, s *Store, q queryer, table, where string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, body FROM `+table+` WHERE `+where, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		v, err := readBody[T](s, table, rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *v)
	}
	return list, s.sentence(rows.Err())
}

// body reads one record of a resident, or returns an error of code care.NotFound.
func body[T any](ctx context.Context, s *Store, q queryer, table, residentID, id string) (*T, error) {
	v, err := readBody[T](s, table, q.QueryRowContext(ctx, `SELECT id, body FROM `+table+` WHERE id = $1 AND resident_id = $2`, id, residentID))
	return v, s.sentence(err)
}

// stale refuses a change of a record that is not at the version that whoever changes it has seen.
func stale(have, seen int) error {
	if have == seen {
		return nil
	}
	return &care.Error{Code: care.Stale, Text: "Somebody else changed this record meanwhile: look at it again, then decide."}
}

// event makes the audit event of a change.
func event(action, entity string, id *string, version *int) func() care.AuditEvent {
	return func() care.AuditEvent {
		return care.AuditEvent{Action: action, Entity: entity, EntityID: *id, Version: *version}
	}
}
