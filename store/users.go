package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"wince/care"
)

// HasUsers says whether anybody can sign in yet.
func (s *Store) HasUsers(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n)
	return n > 0, s.sentence(err)
}

// SetSetUpLink keeps the hash of the one valid set-up token and forgets any other. Once there is a user it refuses with
// care.SetUpDone.
func (s *Store) SetSetUpLink(ctx context.Context, act care.Act, tokenHash string) error {
	event := func() care.AuditEvent { return care.AuditEvent{Action: care.ActSetUpLink, Entity: "set_up_link"} }
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := noUserYet(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_links`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO setup_links (token_hash, created_at) VALUES ($1, $2)`, tokenHash, millis(act.At))
		return err
	})
}

// SetUpLinkValid says whether a set-up token's hash is the one that waits to be used.
func (s *Store) SetUpLinkValid(ctx context.Context, tokenHash string) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM setup_links WHERE token_hash = $1`, tokenHash).Scan(&n)
	return n > 0, s.sentence(err)
}

// SetUp makes the first user and uses up the token, both or neither. Of two requests with one token only the first succeeds.
func (s *Store) SetUp(ctx context.Context, act care.Act, tokenHash string, u *care.User, passwordHash string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActUserAdd, Entity: "user", EntityID: u.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := noUserYet(ctx, tx); err != nil {
			return err
		}
		used, err := tx.ExecContext(ctx, `DELETE FROM setup_links WHERE token_hash = $1`, tokenHash)
		if err != nil {
			return err
		}
		if n, err := used.RowsAffected(); err != nil {
			return err
		} else if n != 1 {
			return &care.Error{Code: care.SetUpToken, Text: "This set-up link is not valid any more: take the newest one from the server's window or log, or restart the server for a new one."}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO users (id, name, name_key, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			u.ID, u.Name, strings.ToLower(u.Name), u.Role, passwordHash, millis(u.CreatedAt))
		return err
	})
}

func noUserYet(ctx context.Context, tx *sql.Tx) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return &care.Error{Code: care.SetUpDone, Text: "Wince is set up already: sign in."}
	}
	return nil
}

// UserByName returns a user and the hash of the password, or an error of code care.NotFound. Case does not matter.
func (s *Store) UserByName(ctx context.Context, name string) (*care.User, string, error) {
	var u care.User
	var hash string
	var created int64
	err := s.db.QueryRowContext(ctx, `SELECT id, name, role, password_hash, created_at FROM users WHERE name_key = $1`,
		strings.ToLower(strings.TrimSpace(name))).Scan(&u.ID, &u.Name, &u.Role, &hash, &created)
	if err != nil {
		return nil, "", s.sentence(err)
	}
	u.CreatedAt = moment(created)
	return &u, hash, nil
}

// AddLogin keeps the hash of a session token of a user who signed in.
func (s *Store) AddLogin(ctx context.Context, act care.Act, tokenHash, userID string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActLogin, Entity: "user", EntityID: userID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO logins (token_hash, user_id, created_at, seen_at) VALUES ($1, $2, $3, $3)`,
			tokenHash, userID, millis(act.At))
		return err
	})
}

// LoginFailed records that somebody tried to sign in as a user and could not; the id is empty where nobody has the name
// that was given, which is not kept: it may be a password in the wrong field.
func (s *Store) LoginFailed(ctx context.Context, act care.Act, userID string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActLoginFailed, Entity: "user", EntityID: userID}
	}
	return s.change(ctx, act, event, func(*sql.Tx) error { return nil })
}

// Login returns the user of a session token that was made after oldest and used after idle; an error of code care.NotFound
// says that there is none.
func (s *Store) Login(ctx context.Context, tokenHash string, now, oldest, idle time.Time) (*care.User, error) {
	var u care.User
	var created, seen int64
	err := s.db.QueryRowContext(ctx, `SELECT u.id, u.name, u.role, u.created_at, l.seen_at FROM logins l JOIN users u ON u.id = l.user_id
		WHERE l.token_hash = $1 AND l.created_at > $2 AND l.seen_at > $3`, tokenHash, millis(oldest), millis(idle)).
		Scan(&u.ID, &u.Name, &u.Role, &created, &seen)
	if err != nil {
		return nil, s.sentence(err)
	}
	u.CreatedAt = moment(created)
	// Once a minute is enough to tell a used token from an idle one, and spares a write at every request. Where the disk is
	// full the user may still read.
	if now.Sub(moment(seen)) > time.Minute {
		if _, err := s.db.ExecContext(ctx, `UPDATE logins SET seen_at = $1 WHERE token_hash = $2`, millis(now), tokenHash); err != nil {
			var e *care.Error
			if err = s.sentence(err); !errors.As(err, &e) || (e.Code != care.StorageFull && e.Code != care.StorageReadOnly) {
				return nil, err
			}
		}
	}
	return &u, nil
}

// EndLogin forgets a session token, and with it all those that expired before oldest.
func (s *Store) EndLogin(ctx context.Context, act care.Act, tokenHash string, oldest time.Time) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActLogout, Entity: "user", EntityID: act.By.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM logins WHERE token_hash = $1 OR created_at <= $2`, tokenHash, millis(oldest))
		return err
	})
}
