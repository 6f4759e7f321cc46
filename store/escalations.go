package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"wince/care"
)

// RaiseEscalations keeps those escalations of a site that were not raised before, each with its audit row, and returns them.
func (s *Store) RaiseEscalations(ctx context.Context, act care.Act, siteID string, list []care.Escalation) ([]care.Escalation, error) {
	known, err := s.raised(ctx, siteID, list)
	if err != nil {
		return nil, s.sentence(err)
	}
	var raised []care.Escalation
	for i := range list {
		e := &list[i]
		if known[e.Key] {
			continue
		}
		version := 1
		err := s.change(ctx, act, event(care.ActEscalate, "escalation", &e.ID, &version), func(tx *sql.Tx) error {
			text, err := s.sealBody("escalations", "body", e.ID, e)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO escalations (id, item_key, site_id, resident_id, raised_at, body) VALUES ($1, $2, $3, $4, $5, $6)`,
				e.ID, e.Key, e.SiteID, e.ResidentID, millis(e.RaisedAt), text)
			return err
		})
		var taken *care.Error
		if errors.As(err, &taken) && taken.Code == care.Conflict {
			continue // another program was first
		}
		if err != nil {
			return raised, err
		}
		raised = append(raised, *e)
	}
	return raised, nil
}

// raised returns the keys of those escalations that were raised before. None was before what it is about was due.
func (s *Store) raised(ctx context.Context, siteID string, list []care.Escalation) (map[string]bool, error) {
	known := map[string]bool{}
	if len(list) == 0 {
		return known, nil
	}
	first := slices.MinFunc(list, func(a, b care.Escalation) int { return a.DueAt.Compare(b.DueAt) })
	rows, err := s.db.QueryContext(ctx, `SELECT item_key FROM escalations WHERE site_id = $1 AND raised_at >= $2`, siteID, millis(first.DueAt))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		known[key] = true
	}
	return known, rows.Err()
}

// Escalations returns the escalations of some sites since a time, the newest first.
func (s *Store) Escalations(ctx context.Context, q care.EscalationQuery) ([]care.Escalation, error) {
	in, args := inScope("site_id", q.Scope, []any{millis(q.Since), q.Limit})
	where := `raised_at >= $1 AND ` + in
	if q.BeforeID != "" {
		args = append(args, millis(q.Before), q.BeforeID)
		at, id := strconv.Itoa(len(args)-1), strconv.Itoa(len(args))
		where += ` AND (raised_at < $` + at + ` OR raised_at = $` + at + ` AND id < $` + id + `)`
	}
	if q.Open {
		where += ` AND acknowledged_at IS NULL`
	}
	return bodies[care.Escalation](ctx, s, s.db, "escalations", where+` ORDER BY raised_at DESC, id DESC LIMIT $2`, args...)
}

// Escalation returns one escalation, or an error of code care.NotFound.
func (s *Store) Escalation(ctx context.Context, id string) (*care.Escalation, error) {
	e, err := readBody[care.Escalation](s, "escalations", s.db.QueryRowContext(ctx, `SELECT id, body FROM escalations WHERE id = $1`, id))
	return e, s.sentence(err)
}

// Acknowledge records that somebody saw an escalation, once.
func (s *Store) Acknowledge(ctx context.Context, act care.Act, id string) (*care.Escalation, error) {
	var e *care.Escalation
	version := 2
	err := s.change(ctx, act, event(care.ActAcknowledge, "escalation", &id, &version), func(tx *sql.Tx) (err error) {
		if e, err = readBody[care.Escalation](s, "escalations", tx.QueryRowContext(ctx, `SELECT id, body FROM escalations WHERE id = $1`, id)); err != nil {
			return err
		}
		if err := e.Acknowledge(act); err != nil {
			return err
		}
		text, err := s.sealBody("escalations", "body", e.ID, e)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE escalations SET acknowledged_at = $1, body = $2 WHERE id = $3`, millisOrNull(e.AcknowledgedAt), text, e.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}
