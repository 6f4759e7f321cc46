package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wince/care"
)

func noWebhook(err error) error {
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.NotFound {
		return &care.Error{Code: care.NotFound, Text: "There is no such webhook."}
	}
	return err
}

// AddWebhook keeps a new endpoint, which is told of what changes from now on.
func (s *Store) AddWebhook(ctx context.Context, act care.Act, w *care.Webhook, secret string) error {
	return s.change(ctx, act, event(care.ActWebhookAdd, "webhook", &w.ID, &w.Version), func(tx *sql.Tx) error {
		if w.SiteID != "" {
			if err := knownSite(ctx, tx, w.SiteID); err != nil {
				return err
			}
		}
		body, err := s.sealBody("webhooks", "body", w.ID, w)
		if err != nil {
			return err
		}
		end, err := endOfChanges(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO webhooks (id, site_id, disabled, body, secret, old_secret, old_until, seq, mark)
			VALUES ($1, $2, $3, $4, $5, '', 0, $6, $7)`, w.ID, w.SiteID, w.Disabled, body, s.seal("webhooks", "secret", w.ID, secret), end.Seq, end.Mark)
		return err
	})
}

func endOfChanges(ctx context.Context, q queryer) (care.ChangePosition, error) {
	list, err := readChanges(ctx, q, `c.seq = (SELECT seq FROM change_head)`)
	if err != nil || len(list) == 0 {
		return care.ChangePosition{}, err
	}
	return list[0].Position(), nil
}

// ChangeWebhook lets do change an endpoint that is at the version given; care.Stale where it is not.
func (s *Store) ChangeWebhook(ctx context.Context, act care.Act, id string, version int, do func(*care.Webhook) error) (*care.Webhook, error) {
	return s.changeWebhook(ctx, act, care.ActWebhookChange, id, version, func(_ *sql.Tx, w *care.Webhook) error { return do(w) })
}

func (s *Store) changeWebhook(ctx context.Context, act care.Act, action, id string, version int, do func(*sql.Tx, *care.Webhook) error) (*care.Webhook, error) {
	var w *care.Webhook
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: action, Entity: "webhook", EntityID: w.ID, Version: w.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if w, err = readBody[care.Webhook](s, "webhooks", tx.QueryRowContext(ctx, `SELECT id, body FROM webhooks WHERE id = $1`, id)); err != nil {
			return err
		}
		if err := stale(w.Version, version); err != nil {
			return err
		}
		if err := do(tx, w); err != nil {
			return err
		}
		if w.SiteID != "" {
			if err := knownSite(ctx, tx, w.SiteID); err != nil {
				return err
			}
		}
		w.Version++
		body, err := s.sealBody("webhooks", "body", w.ID, w)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE webhooks SET site_id = $1, disabled = $2, body = $3 WHERE id = $4`, w.SiteID, w.Disabled, body, w.ID)
		return err
	})
	if err != nil {
		return nil, noWebhook(err)
	}
	return w, nil
}

// RotateWebhook gives an endpoint a new secret. The one before is good until a time.
func (s *Store) RotateWebhook(ctx context.Context, act care.Act, id string, version int, secret string, until time.Time) (*care.Webhook, error) {
	return s.changeWebhook(ctx, act, care.ActWebhookRotate, id, version, func(tx *sql.Tx, w *care.Webhook) error {
		old, err := s.webhookSecret(ctx, tx, id)
		if err != nil {
			return err
		}
		until := care.Stamp(until)
		w.SecretUntil = &until
		_, err = tx.ExecContext(ctx, `UPDATE webhooks SET secret = $1, old_secret = $2, old_until = $3 WHERE id = $4`,
			s.seal("webhooks", "secret", id, secret), s.seal("webhooks", "old_secret", id, old), millis(until), id)
		return err
	})
}

func (s *Store) webhookSecret(ctx context.Context, q queryer, id string) (secret string, err error) {
	err = q.QueryRowContext(ctx, `SELECT secret FROM webhooks WHERE id = $1`, id).Scan(s.unseal("webhooks", "secret", &id, &secret))
	return secret, err
}

// WebhookSecrets returns what an endpoint's requests are signed with at a moment, the newest first.
func (s *Store) WebhookSecrets(ctx context.Context, id string, now time.Time) (care.Secrets, error) {
	var newest, old string
	var until int64
	err := s.db.QueryRowContext(ctx, `SELECT secret, old_secret, old_until FROM webhooks WHERE id = $1`, id).
		Scan(s.unseal("webhooks", "secret", &id, &newest), s.unseal("webhooks", "old_secret", &id, &old), &until)
	if err != nil {
		return nil, noWebhook(s.sentence(err))
	}
	if old != "" && millis(now) < until {
		return care.Secrets{newest, old}, nil
	}
	return care.Secrets{newest}, nil
}

// RemoveWebhook removes an endpoint with all that it was still to be told, and its log.
func (s *Store) RemoveWebhook(ctx context.Context, act care.Act, id string, version int) error {
	return noWebhook(s.change(ctx, act, event(care.ActWebhookEnd, "webhook", &id, &version), func(tx *sql.Tx) error {
		w, err := readBody[care.Webhook](s, "webhooks", tx.QueryRowContext(ctx, `SELECT id, body FROM webhooks WHERE id = $1`, id))
		if err != nil {
			return err
		}
		if err := stale(w.Version, version); err != nil {
			return err
		}
		for _, from := range []string{`delivery_log WHERE webhook_id`, `deliveries WHERE webhook_id`, `webhooks WHERE id`} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+from+` = $1`, id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// DisableWebhook stops telling an endpoint, because it said that it is gone.
func (s *Store) DisableWebhook(ctx context.Context, act care.Act, id, reason string) error {
	w, err := s.Webhook(ctx, id)
	if err != nil || w.Disabled {
		return err
	}
	_, err = s.ChangeWebhook(ctx, act, id, w.Version, func(w *care.Webhook) error {
		w.Disabled, w.DisabledReason = true, reason
		return nil
	})
	return err
}

// Webhook returns one endpoint, or an error of code care.NotFound.
func (s *Store) Webhook(ctx context.Context, id string) (*care.Webhook, error) {
	w, err := readBody[care.Webhook](s, "webhooks", s.db.QueryRowContext(ctx, `SELECT id, body FROM webhooks WHERE id = $1`, id))
	return w, noWebhook(s.sentence(err))
}

// Webhooks returns the endpoints of some sites in the order in which they were made; those of all sites for who sees all.
func (s *Store) Webhooks(ctx context.Context, scope care.Scope) ([]care.Webhook, error) {
	in, args := inScope("site_id", scope, nil)
	return bodies[care.Webhook](ctx, s, s.db, "webhooks", in+` ORDER BY id`, args...)
}

// MoveWebhook puts an endpoint to a place in the log of changes: what comes after it is told, again where it was told before. What
// waits to be sent is dropped, and comes again where the place is before it; the dead letters stay.
func (s *Store) MoveWebhook(ctx context.Context, act care.Act, id string, version int, to care.ChangePosition) (*care.Webhook, error) {
	return s.changeWebhook(ctx, act, care.ActWebhookReplay, id, version, func(tx *sql.Tx, _ *care.Webhook) error {
		if err := knownPosition(ctx, tx, to); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM deliveries WHERE webhook_id = $1 AND NOT dead AND seq > $2`, id, to.Seq); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE webhooks SET seq = $1, mark = $2 WHERE id = $3`, to.Seq, to.Mark, id)
		return err
	})
}

// ChangesBefore returns the position after which the changes of a time and later come.
func (s *Store) ChangesBefore(ctx context.Context, t time.Time) (p care.ChangePosition, err error) {
	err = s.snapshot(ctx, func(q queryer) error {
		var head int64
		if err := q.QueryRowContext(ctx, `SELECT seq FROM change_head`).Scan(&head); err != nil {
			return err
		}
		first, err := firstSince(ctx, q, t, head)
		if err != nil {
			return err
		}
		p, err = positionAt(ctx, q, first-1)
		return err
	})
	return p, err
}
