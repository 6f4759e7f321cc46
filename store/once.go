package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wince/care"
)

// BeginOnce finds what is known of a request with a key, or keeps that it is under way now. It returns nil where the request is to be
// done: it is new, or its last try was broken off. It writes no audit row: what the request changes has its own.
func (s *Store) BeginOnce(ctx context.Context, o *care.Once, now time.Time) (*care.Once, error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `DELETE FROM once WHERE begun_at < $1`, millis(now.Add(-care.OnceLife))); err != nil {
		return nil, s.sentence(err)
	}
	known := &care.Once{ID: o.ID}
	var begun, tried int64
	err = tx.QueryRowContext(ctx, `SELECT fingerprint, begun_at, tried_at, status, answer FROM once WHERE id = $1`, o.ID).
		Scan(&known.Fingerprint, &begun, &tried, &known.Status, s.unseal("once", "answer", &known.ID, &known.Answer))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = tx.ExecContext(ctx, `INSERT INTO once (id, fingerprint, begun_at, tried_at, status, answer, resident_id) VALUES ($1, $2, $3, $3, 0, '', '')`,
			o.ID, o.Fingerprint, millis(o.BegunAt))
		known = nil
	case err == nil && known.Fingerprint == o.Fingerprint && known.Status == 0 && now.Sub(moment(tried)) >= care.OnceBusy:
		o.BegunAt = moment(begun)
		_, err = tx.ExecContext(ctx, `UPDATE once SET tried_at = $1 WHERE id = $2`, millis(now), o.ID)
		known = nil
	case err == nil:
		known.BegunAt = moment(begun)
	}
	if err == nil {
		err = tx.Commit()
	}
	return known, s.sentence(err)
}

// EndOnce keeps the answer to a request with a key; without a status it forgets the request, which was not done.
func (s *Store) EndOnce(ctx context.Context, o *care.Once, residentID string) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	if o.Status == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM once WHERE id = $1`, o.ID)
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE once SET status = $1, answer = $2, resident_id = $3 WHERE id = $4`, o.Status, s.seal("once", "answer", o.ID, o.Answer), residentID, o.ID)
	}
	if err == nil {
		err = tx.Commit()
	}
	return s.sentence(err)
}
