package store

import (
	"context"
	"database/sql"

	"wince/care"
)

// AddConsent keeps a decision, which from then on is the resident's newest of its purpose. A second one with the same id is
// refused with care.Conflict.
func (s *Store) AddConsent(ctx context.Context, act care.Act, c *care.ConsentRecord) error {
	return s.change(ctx, act, event(care.ActConsentAdd, "consent", &c.ID, &c.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, c.ResidentID); err != nil {
			return err
		}
		return s.insertConsent(ctx, tx, c)
	})
}

func (s *Store) insertConsent(ctx context.Context, tx *sql.Tx, c *care.ConsentRecord) error {
	text, err := s.sealBody("consents", "body", c.ID, c)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO consents (id, resident_id, recorded_at, body) VALUES ($1, $2, $3, $4)`,
		c.ID, c.ResidentID, millis(c.RecordedAt), text); err != nil {
		return err
	}
	column := "camera_consent"
	if c.Purpose == care.ForPhoto {
		column = "photo_consent"
	}
	_, err = tx.ExecContext(ctx, `UPDATE residents SET `+column+` = $1 WHERE id = $2`, c.ID, c.ResidentID)
	return err
}

// WithdrawConsent records that somebody took a consent back.
func (s *Store) WithdrawConsent(ctx context.Context, act care.Act, residentID, id string, version int, by string) (*care.ConsentRecord, error) {
	var c *care.ConsentRecord
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActConsentEnd, Entity: "consent", EntityID: c.ID, Version: c.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if c, err = body[care.ConsentRecord](ctx, s, tx, "consents", residentID, id); err != nil {
			return err
		}
		if err := stale(c.Version, version); err != nil {
			return err
		}
		if err := c.Withdraw(by, act); err != nil {
			return err
		}
		text, err := s.sealBody("consents", "body", c.ID, c)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE consents SET body = $1 WHERE id = $2`, text, c.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Consent returns one decision of a resident, or an error of code care.NotFound.
func (s *Store) Consent(ctx context.Context, residentID, id string) (*care.ConsentRecord, error) {
	return body[care.ConsentRecord](ctx, s, s.db, "consents", residentID, id)
}

// Consents returns all decisions of a resident, the newest first.
func (s *Store) Consents(ctx context.Context, residentID string) ([]care.ConsentRecord, error) {
	return bodies[care.ConsentRecord](ctx, s, s.db, "consents", `resident_id = $1 ORDER BY recorded_at DESC, id DESC`, residentID)
}

// AddBaseline keeps a neutral baseline. Where it is chosen, none other of the resident is any more.
func (s *Store) AddBaseline(ctx context.Context, act care.Act, b *care.Baseline) error {
	return s.change(ctx, act, event(care.ActBaselineAdd, "baseline", &b.ID, &b.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, b.ResidentID); err != nil {
			return err
		}
		if err := s.unchoose(ctx, tx, act, b); err != nil {
			return err
		}
		text, err := s.sealBody("baselines", "body", b.ID, b)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO baselines (id, resident_id, taken_at, chosen, body) VALUES ($1, $2, $3, $4, $5)`,
			b.ID, b.ResidentID, millis(b.TakenAt), b.Chosen, text)
		return err
	})
}

// ChangeBaseline lets do change a baseline, by its rules to choose or to retire it.
func (s *Store) ChangeBaseline(ctx context.Context, act care.Act, residentID, id string, version int, do func(*care.Baseline) error) (*care.Baseline, error) {
	var b *care.Baseline
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActBaselineChange, Entity: "baseline", EntityID: b.ID, Version: b.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if b, err = body[care.Baseline](ctx, s, tx, "baselines", residentID, id); err != nil {
			return err
		}
		if err := stale(b.Version, version); err != nil {
			return err
		}
		if err := do(b); err != nil {
			return err
		}
		if err := s.unchoose(ctx, tx, act, b); err != nil {
			return err
		}
		return s.writeBaseline(ctx, tx, b)
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// unchoose makes room for a baseline that is chosen.
func (s *Store) unchoose(ctx context.Context, tx *sql.Tx, act care.Act, b *care.Baseline) error {
	if !b.Chosen {
		return nil
	}
	others, err := bodies[care.Baseline](ctx, s, tx, "baselines", `resident_id = $1 AND chosen AND id <> $2`, b.ResidentID, b.ID)
	if err != nil {
		return err
	}
	for i := range others {
		others[i].Chosen = false
		others[i].Version++
		if err := s.writeBaseline(ctx, tx, &others[i]); err != nil {
			return err
		}
		if err := s.logChange(ctx, tx, act, care.KindBaseline, others[i].ID, care.ActBaselineChange, others[i].Version); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeBaseline(ctx context.Context, tx *sql.Tx, b *care.Baseline) error {
	text, err := s.sealBody("baselines", "body", b.ID, b)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE baselines SET chosen = $1, body = $2 WHERE id = $3`, b.Chosen, text, b.ID)
	return err
}

// Baseline returns one baseline of a resident, or an error of code care.NotFound.
func (s *Store) Baseline(ctx context.Context, residentID, id string) (*care.Baseline, error) {
	return body[care.Baseline](ctx, s, s.db, "baselines", residentID, id)
}

// Baselines returns all baselines of a resident, the newest first.
func (s *Store) Baselines(ctx context.Context, residentID string) ([]care.Baseline, error) {
	return bodies[care.Baseline](ctx, s, s.db, "baselines", `resident_id = $1 ORDER BY taken_at DESC, id DESC`, residentID)
}
