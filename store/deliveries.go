package store

import (
	"context"
	"database/sql"
	"time"

	"wince/care"
)

// write runs do in one transaction without an audit row: what the server itself keeps note of, not what somebody changes.
func (s *Store) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

// WebhookPosition returns an endpoint's place in the log of changes.
func (s *Store) WebhookPosition(ctx context.Context, id string) (p care.ChangePosition, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT seq, mark FROM webhooks WHERE id = $1`, id).Scan(&p.Seq, &p.Mark)
	return p, noWebhook(s.sentence(err))
}

// QueueDeliveries moves an endpoint on in the log of changes and keeps what it is to be told of the part between, in one
// transaction. Where the endpoint is not at from any more, because somebody moved or removed it, it does nothing.
func (s *Store) QueueDeliveries(ctx context.Context, id string, from, to care.ChangePosition, list []care.RecordChange, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		moved, err := tx.ExecContext(ctx, `UPDATE webhooks SET seq = $1, mark = $2 WHERE id = $3 AND seq = $4 AND mark = $5`, to.Seq, to.Mark, id, from.Seq, from.Mark)
		if err != nil {
			return err
		}
		if n, err := moved.RowsAffected(); err != nil || n == 0 {
			return err
		}
		for i := range list {
			lane := list[i].ResidentID
			if lane == "" {
				lane = list[i].EntityID
			}
			// After a replay a dead letter lives again.
			if _, err := tx.ExecContext(ctx, `INSERT INTO deliveries (webhook_id, seq, lane, dead, attempts, next_at, last_error) VALUES ($1, $2, $3, FALSE, 0, $4, '')
				ON CONFLICT (webhook_id, seq) DO UPDATE SET dead = FALSE, attempts = 0, first_at = NULL, next_at = excluded.next_at, last_error = ''`,
				id, list[i].Seq, lane, millis(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

const deliveryQuery = `SELECT d.lane, d.dead, d.attempts, d.first_at, d.next_at, d.last_error,
	c.seq, c.at, c.site_id, c.resident_id, c.entity, c.entity_id, c.action, c.version
	FROM deliveries d JOIN changes c ON c.seq = d.seq `

func (s *Store) deliveries(ctx context.Context, where string, args ...any) ([]care.Delivery, error) {
	list := []care.Delivery{}
	err := eachRecord(ctx, s.db, deliveryQuery+where, args, func(row interface{ Scan(...any) error }) (*care.Delivery, error) {
		var d care.Delivery
		var first sql.NullInt64
		var next, at int64
		var resident sql.NullString
		c := &d.Change
		if err := row.Scan(&d.Lane, &d.Dead, &d.Attempts, &first, &next, &d.LastError,
			&c.Seq, &at, &c.SiteID, &resident, &c.Entity, &c.EntityID, &c.Action, &c.Version); err != nil {
			return nil, err
		}
		d.NextAt, c.At, c.ResidentID = moment(next), moment(at), resident.String
		if first.Valid {
			d.FirstAt = moment(first.Int64)
		}
		return &d, nil
	}, func(d *care.Delivery) { list = append(list, *d) })
	return list, s.sentence(err)
}

// DueDeliveries returns what an endpoint is to be sent now: of each lane the first that waits, where its time has come.
func (s *Store) DueDeliveries(ctx context.Context, id string, now time.Time, limit int) ([]care.Delivery, error) {
	return s.deliveries(ctx, `WHERE d.webhook_id = $1 AND d.next_at <= $2 AND NOT d.dead AND d.seq = (SELECT min(e.seq) FROM deliveries e
		WHERE e.webhook_id = $1 AND e.lane = d.lane AND NOT e.dead) ORDER BY d.seq LIMIT $3`, id, millis(now), limit)
}

// DeadDeliveries returns what was given up, the oldest first, after a change.
func (s *Store) DeadDeliveries(ctx context.Context, id string, after int64, limit int) ([]care.Delivery, error) {
	return s.deliveries(ctx, `WHERE d.webhook_id = $1 AND d.dead AND d.seq > $2 ORDER BY d.seq LIMIT $3`, id, after, limit)
}

// Delivered takes a delivery off the list: it was taken, or is none of the endpoint's. a, where there is one, is added to the log.
func (s *Store) Delivered(ctx context.Context, id string, seq int64, a *care.DeliveryAttempt) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM deliveries WHERE webhook_id = $1 AND seq = $2`, id, seq); err != nil || a == nil {
			return err
		}
		return logAttempt(ctx, tx, id, a)
	})
}

// NotDelivered keeps how an attempt failed and when the next one is, or that there is none.
func (s *Store) NotDelivered(ctx context.Context, id string, d *care.Delivery, a *care.DeliveryAttempt) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET dead = $1, attempts = $2, first_at = $3, next_at = $4, last_error = $5 WHERE webhook_id = $6 AND seq = $7`,
			d.Dead, d.Attempts, millis(d.FirstAt), millis(d.NextAt), d.LastError, id, d.Change.Seq); err != nil {
			return err
		}
		return logAttempt(ctx, tx, id, a)
	})
}

// logAttempt adds a line to the log of an endpoint that is still there.
func logAttempt(ctx context.Context, tx *sql.Tx, id string, a *care.DeliveryAttempt) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO delivery_log (id, webhook_id, message, at, event, attempt, status, took_ms, outcome)
		SELECT CAST($1 AS TEXT), id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS INTEGER), CAST($6 AS INTEGER), CAST($7 AS BIGINT), CAST($8 AS TEXT)
		FROM webhooks WHERE id = $9`, a.ID, a.Message, millis(a.At), a.Event, a.Attempt, a.Status, a.TookMS, a.Outcome, id)
	return err
}

// LogAttempt adds a line to an endpoint's delivery log.
func (s *Store) LogAttempt(ctx context.Context, id string, a *care.DeliveryAttempt) error {
	return s.write(ctx, func(tx *sql.Tx) error { return logAttempt(ctx, tx, id, a) })
}

// DeliveryLog returns the last attempts of an endpoint, the newest first.
func (s *Store) DeliveryLog(ctx context.Context, id string, limit int) ([]care.DeliveryAttempt, error) {
	list := []care.DeliveryAttempt{}
	err := eachRecord(ctx, s.db, `SELECT id, message, at, event, attempt, status, took_ms, outcome FROM delivery_log WHERE webhook_id = $1 ORDER BY id DESC LIMIT $2`,
		[]any{id, limit}, func(row interface{ Scan(...any) error }) (*care.DeliveryAttempt, error) {
			var a care.DeliveryAttempt
			var at int64
			err := row.Scan(&a.ID, &a.Message, &at, &a.Event, &a.Attempt, &a.Status, &a.TookMS, &a.Outcome)
			a.At = moment(at)
			return &a, err
		}, func(a *care.DeliveryAttempt) { list = append(list, *a) })
	return list, s.sentence(err)
}

// PruneDeliveryLog removes the lines from before a time.
func (s *Store) PruneDeliveryLog(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM delivery_log WHERE at < $1`, millis(before))
		return err
	})
}

// Redrive lets dead letters live again, all of an endpoint or those of some changes, and returns how many. They go out before what came
// later about the same resident and was not sent yet.
func (s *Store) Redrive(ctx context.Context, act care.Act, id string, seqs []int64) (n int64, err error) {
	version := 0
	err = s.change(ctx, act, event(care.ActWebhookRedrive, "webhook", &id, &version), func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT 1 FROM webhooks WHERE id = $1`, id).Scan(&version); err != nil {
			return err
		}
		again := `UPDATE deliveries SET dead = FALSE, attempts = 0, first_at = NULL, next_at = $1 WHERE webhook_id = $2 AND dead`
		if seqs == nil {
			done, err := tx.ExecContext(ctx, again, millis(act.At), id)
			if err == nil {
				n, err = done.RowsAffected()
			}
			return err
		}
		for _, seq := range seqs {
			done, err := tx.ExecContext(ctx, again+` AND seq = $3`, millis(act.At), id, seq)
			if err != nil {
				return err
			}
			k, err := done.RowsAffected()
			if err != nil {
				return err
			}
			n += k
		}
		return nil
	})
	return n, noWebhook(err)
}

// HurryDeliveries lets all that waits for its next attempt be tried now: the endpoint takes messages again.
func (s *Store) HurryDeliveries(ctx context.Context, id string, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET next_at = $1 WHERE webhook_id = $2 AND NOT dead AND next_at > $1`, millis(now), id)
		return err
	})
}

// HookState says how an endpoint gets on.
func (s *Store) HookState(ctx context.Context, id string) (st care.HookState, err error) {
	var oldest sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM deliveries WHERE webhook_id = $1 AND NOT dead), (SELECT count(*) FROM deliveries WHERE webhook_id = $1 AND dead),
		(SELECT seq FROM change_head) - w.seq, (SELECT c.at FROM changes c WHERE c.seq = (SELECT min(seq) FROM deliveries WHERE webhook_id = $1 AND NOT dead))
		FROM webhooks w WHERE w.id = $1`, id).Scan(&st.Pending, &st.Dead, &st.Behind, &oldest)
	st.OldestAt = momentOrNil(oldest)
	return st, noWebhook(s.sentence(err))
}
