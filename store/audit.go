package store

import (
	"context"
	"database/sql"

	"wince/care"
)

func (s *Store) addAudit(ctx context.Context, tx *sql.Tx, act care.Act, e care.AuditEvent) error {
	if e.Version == 0 {
		e.Version = 1
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO audit (id, at, by_id, by_name, action, entity, entity_id, version, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		care.NewID(), millis(act.At), act.By.ID, act.By.Name, e.Action, e.Entity, e.EntityID, e.Version, act.Request)
	return err
}

// Audit returns the trail of one record, oldest first.
func (s *Store) Audit(ctx context.Context, entityID string) ([]care.AuditEvent, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, at, by_id, by_name, action, entity, entity_id, version, request_id
		FROM audit WHERE entity_id = $1 ORDER BY id`, entityID)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.AuditEvent{}
	for rows.Next() {
		var e care.AuditEvent
		var at int64
		if err := rows.Scan(&e.ID, &at, &e.By.ID, &e.By.Name, &e.Action, &e.Entity, &e.EntityID, &e.Version, &e.Request); err != nil {
			return nil, s.sentence(err)
		}
		e.At = moment(at)
		list = append(list, e)
	}
	return list, s.sentence(rows.Err())
}
