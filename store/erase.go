package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wince/care"
)

// EraseResident removes all that says who a resident is: names, room, external id, particulars, baselines, free texts. What
// stays is a number of assessments, reliefs and audit rows of somebody unknown under a random id, so that counts and the chain
// hold. Texts that remarks quoted elsewhere, and backups made before, are not reached. It refuses with care.Stale where the
// record is not at the version given.
func (s *Store) EraseResident(ctx context.Context, act care.Act, id string, version int) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActResidentEnd, Entity: "resident", EntityID: id, Version: version + 1}
	}
	return noResident(s.change(ctx, act, event, func(tx *sql.Tx) error {
		var have int
		var erased sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT version, erased_at FROM residents WHERE id = $1`, id).Scan(&have, &erased); err != nil {
			return err
		}
		if erased.Valid {
			return errErased
		}
		if err := stale(have, version); err != nil {
			return err
		}
		if err := logAgain(ctx, tx, act, id, "", care.ActResidentEnd); err != nil {
			return err
		}
		for _, c := range sealedColumns {
			if err := s.erase(ctx, tx, c, id); err != nil {
				return fmt.Errorf("erase %s.%s: %w", c.table, c.column, err)
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE residents SET erased_at = $1, version = $2 WHERE id = $3`, millis(act.At), version+1, id)
		return err
	}))
}

var errErased = &care.Error{Code: care.Erased, Text: "This resident's identity was erased: only counts are left."}

// notErased refuses what is meant for a resident whose identity was erased. Practice is nobody's: its id is empty.
func notErased(ctx context.Context, q queryer, id string) error {
	if id == "" {
		return nil
	}
	var erased sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT erased_at FROM residents WHERE id = $1`, id).Scan(&erased)
	if err == nil && erased.Valid {
		err = errErased
	}
	return err
}

func (s *Store) erase(ctx context.Context, tx *sql.Tx, c sealedColumn, residentID string) error {
	switch {
	case c.of == "":
		return nil
	case c.drop:
		_, err := tx.ExecContext(ctx, `DELETE FROM `+c.table+` WHERE `+c.of, residentID)
		return err
	case c.blank == nil:
		set := c.column + ` = ''`
		if c.null {
			set = c.column + ` = NULL, ` + c.lookup + ` = NULL`
		}
		_, err := tx.ExecContext(ctx, `UPDATE `+c.table+` SET `+set+` WHERE `+c.of, residentID)
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, `+c.column+` FROM `+c.table+` WHERE `+c.column+` <> '' AND `+c.of, residentID)
	if err != nil {
		return err
	}
	defer rows.Close()
	texts := map[string]string{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, s.unseal(c.table, c.column, &id, &text)); err != nil {
			return err
		}
		texts[id] = text
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, text := range texts {
		if text, err = blankMembers(text, c.blank); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE `+c.table+` SET `+c.column+` = $1 WHERE id = $2`, s.seal(c.table, c.column, id, text), id); err != nil {
			return err
		}
	}
	return nil
}

// blankMembers empties members of a JSON object, which are texts.
func blankMembers(text string, members []string) (string, error) {
	var v map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "", err
	}
	for _, m := range members {
		if _, ok := v[m]; ok {
			v[m] = json.RawMessage(`""`)
		}
	}
	b, err := json.Marshal(v)
	return string(b), err
}
