package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wince/care"
)

// assertionMemory is how long a used assertion is remembered after it has expired: should the clock be set back meanwhile, it is
// refused all the same.
const assertionMemory = 24 * time.Hour

// GrantToken keeps an access token of a client that signed an assertion, and that the assertion was used. Of two requests with one
// assertion only the first succeeds, at whatever server of the same database; the other gets care.Conflict. A client that is disabled or
// removed gets care.NotFound.
func (s *Store) GrantToken(ctx context.Context, act care.Act, t care.ClientToken) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActClientToken, Entity: "client", EntityID: t.ClientID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM clients WHERE id = $1 AND disabled_at IS NULL AND removed_at IS NULL`, t.ClientID).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return sql.ErrNoRows
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM client_assertions WHERE client_id = $1 AND jti_hash = $2`, t.ClientID, t.Assertion).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return &care.Error{Code: care.Conflict, Field: "jti", Text: "This assertion was used before: sign a new one, with a new jti."}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM client_assertions WHERE expires_at < $1`, millis(act.At.Add(-assertionMemory))); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM client_tokens WHERE expires_at < $1`, millis(act.At)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO client_assertions (client_id, jti_hash, expires_at) VALUES ($1, $2, $3)`,
			t.ClientID, t.Assertion, millis(t.AssertionExpires)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE clients SET used_at = $1 WHERE id = $2`, millis(act.At), t.ClientID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO client_tokens (token_hash, client_id, scopes, expires_at) VALUES ($1, $2, $3, $4)`,
			t.Hash, t.ClientID, strings.Join(t.Scopes, " "), millis(t.ExpiresAt))
		return err
	})
}

// ClientRefused records that somebody who said to be a client was turned away, and why, in a word of ours.
func (s *Store) ClientRefused(ctx context.Context, act care.Act, clientID, why string) error {
	detail, err := json.Marshal(map[string]string{"why": why})
	if err != nil {
		return fmt.Errorf("write audit detail: %w", err)
	}
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActClientRefused, Entity: "client", EntityID: clientID, Detail: detail}
	}
	return s.change(ctx, act, event, func(*sql.Tx) error { return nil })
}

// ClientByToken returns the client that an access token was granted to and what it may do with it, or an error of code care.NotFound.
func (s *Store) ClientByToken(ctx context.Context, tokenHash string, now time.Time) (*care.ClientAccess, error) {
	var scopes string
	v, err := scanClient(s.db.QueryRowContext(ctx, `SELECT `+clientColumns+`, t.scopes FROM client_tokens t JOIN clients k ON k.id = t.client_id
		WHERE t.token_hash = $1 AND t.expires_at > $2 AND k.disabled_at IS NULL AND k.removed_at IS NULL`, tokenHash, millis(now)), &scopes)
	if err != nil {
		return nil, s.sentence(err)
	}
	return accessOf(v, strings.Fields(scopes))
}

// ClientByKey returns the client that an API key belongs to, and counts the key as used; or an error of code care.NotFound.
func (s *Store) ClientByKey(ctx context.Context, secretHash string, now time.Time) (*care.ClientAccess, error) {
	var keyID string
	var used sql.NullInt64
	v, err := scanClient(s.db.QueryRowContext(ctx, `SELECT `+clientColumns+`, t.id, t.used_at FROM client_keys t JOIN clients k ON k.id = t.client_id
		WHERE t.secret_hash = $1 AND t.expires_at > $2 AND t.revoked_at IS NULL AND k.disabled_at IS NULL AND k.removed_at IS NULL`,
		secretHash, millis(now)), &keyID, &used)
	if err != nil {
		return nil, s.sentence(err)
	}
	// Once a minute, as with sign-ins. Where the disk is full the program may still read.
	if at := momentOrNil(used); at == nil || now.Sub(*at) > time.Minute {
		if err := s.useClientKey(ctx, v.ID, keyID, now); err != nil {
			var e *care.Error
			if !errors.As(err, &e) || (e.Code != care.StorageFull && e.Code != care.StorageReadOnly) {
				return nil, err
			}
		}
	}
	return accessOf(v, v.Scopes)
}

func (s *Store) useClientKey(ctx context.Context, clientID, keyID string, now time.Time) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `UPDATE client_keys SET used_at = $1 WHERE id = $2`, millis(now), keyID); err != nil {
		return s.sentence(err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE clients SET used_at = $1 WHERE id = $2`, millis(now), clientID); err != nil {
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

// accessOf makes what a client may do of what it was granted and what it is allowed now, which may have become less.
func accessOf(v *care.Client, scopes []string) (*care.ClientAccess, error) {
	granted, err := care.ParseScopes(scopes)
	if err != nil {
		return nil, fmt.Errorf("read scopes of client %s: %w", v.ID, err)
	}
	allowed, err := care.ParseScopes(v.Scopes)
	if err != nil {
		return nil, fmt.Errorf("read scopes of client %s: %w", v.ID, err)
	}
	return &care.ClientAccess{Client: *v, Scopes: granted.Intersect(allowed)}, nil
}
