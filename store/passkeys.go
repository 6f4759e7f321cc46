package store

import (
	"context"
	"database/sql"
	"errors"

	"wince/care"
)

// SetIdentity says what the home's identity provider knows a user by, in place of what was said before; nil for nothing.
func (s *Store) SetIdentity(ctx context.Context, act care.Act, userID string, id *care.Identity) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActUserChange, Entity: "user", EntityID: userID}
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM identities WHERE user_id = $1`, userID); err != nil || id == nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3)`, id.Issuer, id.Subject, userID)
		return err
	})
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.Conflict {
		return &care.Error{Code: care.Conflict, Field: "subject", Err: e.Err, Text: "Somebody else is known by this subject: look it up again."}
	}
	return err
}

// Passkeys returns a user's passkeys, the oldest first.
func (s *Store) Passkeys(ctx context.Context, userID string) ([]care.Passkey, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, user_id, name, credential, created_at, used_at FROM passkeys WHERE user_id = $1 ORDER BY created_at, id`, userID)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Passkey{}
	for rows.Next() {
		var p care.Passkey
		var credential string
		var created int64
		var used sql.NullInt64
		if err := rows.Scan(&p.ID, &p.UserID, &p.Name, &credential, &created, &used); err != nil {
			return nil, s.sentence(err)
		}
		p.Credential, p.CreatedAt, p.UsedAt = []byte(credential), moment(created), momentOrNil(used)
		list = append(list, p)
	}
	return list, s.sentence(rows.Err())
}

func passkeyEvent(userID string) func() care.AuditEvent {
	return func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActPasskey, Entity: "user", EntityID: userID}
	}
}

// AddPasskey keeps a new passkey.
func (s *Store) AddPasskey(ctx context.Context, act care.Act, p *care.Passkey) error {
	return s.change(ctx, act, passkeyEvent(p.UserID), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO passkeys (id, user_id, name, credential, created_at) VALUES ($1, $2, $3, $4, $5)`,
			p.ID, p.UserID, p.Name, string(p.Credential), millis(p.CreatedAt))
		return err
	})
}

// UsePasskey keeps the counter of a passkey that was just used. The audit row is that of the sign-in that follows.
func (s *Store) UsePasskey(ctx context.Context, act care.Act, p *care.Passkey) error {
	_, err := s.db.ExecContext(ctx, `UPDATE passkeys SET credential = $1, used_at = $2 WHERE id = $3 AND user_id = $4`,
		string(p.Credential), millis(act.At), p.ID, p.UserID)
	return s.sentence(err)
}

// RemovePasskey forgets a user's passkey.
func (s *Store) RemovePasskey(ctx context.Context, act care.Act, userID, id string) error {
	return s.change(ctx, act, passkeyEvent(userID), func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM passkeys WHERE id = $1 AND user_id = $2`, id, userID)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(err, &care.Error{Code: care.NotFound, Text: "There is no such passkey."})
		}
		return nil
	})
}
