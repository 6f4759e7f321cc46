package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wince/care"
)

// AddLogin keeps the hash of a session token of a user who signed in, and forgets their wrong PINs. Somebody who is disabled,
// or a tablet that is revoked, is refused in the same transaction.
func (s *Store) AddLogin(ctx context.Context, act care.Act, tokenHash string, l care.Login) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActLogin, Entity: "user", EntityID: l.User.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE id = $1 AND disabled_at IS NULL`, l.User.ID).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return &care.Error{Code: care.Disabled, Text: "This account was closed: ask a manager."}
		}
		if l.DeviceID != "" {
			if _, err := scanDevice(tx.QueryRowContext(ctx, deviceQuery+`WHERE id = $1 AND revoked_at IS NULL`, l.DeviceID)); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE pins SET failed = 0 WHERE user_id = $1`, l.User.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO logins (token_hash, user_id, created_at, seen_at, method, device_id) VALUES ($1, $2, $3, $3, $4, $5)`,
			tokenHash, l.User.ID, millis(act.At), l.Method, orNull(l.DeviceID))
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

// Login returns the sign-in of a session token that is not over, and counts it as used; an error of code care.NotFound says
// that there is none.
func (s *Store) Login(ctx context.Context, tokenHash string, now time.Time, life care.LoginLife) (*care.Login, error) {
	l, seen, err := s.login(ctx, tokenHash, now, life)
	if err != nil {
		return nil, err
	}
	// Once a minute is enough to tell a used token from an idle one, and spares a write at every request. Where the disk is
	// full the user may still read.
	if now.Sub(seen) > time.Minute {
		if _, err := s.db.ExecContext(ctx, `UPDATE logins SET seen_at = $1 WHERE token_hash = $2`, millis(now), tokenHash); err != nil {
			var e *care.Error
			if err = s.sentence(err); !errors.As(err, &e) || (e.Code != care.StorageFull && e.Code != care.StorageReadOnly) {
				return nil, err
			}
		}
	}
	return l, nil
}

// StillIn returns nil where a sign-in is not over. It is no use of it: a page left open must not keep its user signed in.
func (s *Store) StillIn(ctx context.Context, tokenHash string, now time.Time, life care.LoginLife) error {
	_, _, err := s.login(ctx, tokenHash, now, life)
	return err
}

// login returns a sign-in that is not over and when it was used last.
func (s *Store) login(ctx context.Context, tokenHash string, now time.Time, life care.LoginLife) (*care.Login, time.Time, error) {
	var l care.Login
	var created, seen int64
	var device sql.NullString
	u, err := s.scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+`, l.created_at, l.seen_at, l.method, l.device_id
		FROM logins l JOIN users u ON u.id = l.user_id WHERE l.token_hash = $1 AND u.disabled_at IS NULL`, tokenHash),
		&created, &seen, &l.Method, &device)
	if err != nil {
		return nil, time.Time{}, s.sentence(err)
	}
	l.User, l.DeviceID, l.Began = *u, device.String, moment(created)
	if life.Over(l.Method, now, moment(created), moment(seen)) {
		return nil, time.Time{}, s.sentence(sql.ErrNoRows)
	}
	return &l, moment(seen), nil
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

// SetPIN gives a user a PIN in place of an earlier one; an empty hash takes it away.
func (s *Store) SetPIN(ctx context.Context, act care.Act, userID, pinHash string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActPIN, Entity: "user", EntityID: userID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM pins WHERE user_id = $1`, userID); err != nil || pinHash == "" {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO pins (user_id, pin_hash, failed, set_at) VALUES ($1, $2, 0, $3)`, userID, pinHash, millis(act.At))
		return err
	})
}

// TryPIN counts an attempt as failed before it is made, so that attempts made at once cannot slip past the count, and returns
// the hash to compare with. Signing in sets the count back. Errors: care.NotFound where there is no PIN, care.PINLocked.
func (s *Store) TryPIN(ctx context.Context, userID string) (string, error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return "", s.sentence(err)
	}
	defer tx.Rollback()
	var hash string
	var failed int
	if err := tx.QueryRowContext(ctx, `SELECT pin_hash, failed FROM pins WHERE user_id = $1`, userID).Scan(&hash, &failed); err != nil {
		return "", s.sentence(err)
	}
	if failed >= care.FreePINs {
		return "", &care.Error{Code: care.PINLocked, Text: "This PIN was wrong too often and is locked: sign in with your password to unlock it."}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE pins SET failed = failed + 1 WHERE user_id = $1`, userID); err != nil {
		return "", s.sentence(err)
	}
	return hash, s.sentence(tx.Commit())
}

const deviceQuery = `SELECT id, site_id, name, enrolled_at, enrolled_by, revoked_at FROM devices `

func scanDevice(row interface{ Scan(...any) error }) (*care.Device, error) {
	var d care.Device
	var enrolled int64
	var revoked sql.NullInt64
	if err := row.Scan(&d.ID, &d.SiteID, &d.Name, &enrolled, &d.EnrolledBy, &revoked); err != nil {
		return nil, err
	}
	d.EnrolledAt, d.RevokedAt = moment(enrolled), momentOrNil(revoked)
	return &d, nil
}

// AddDevice keeps an enrolled tablet and the hash of its token.
func (s *Store) AddDevice(ctx context.Context, act care.Act, d *care.Device, tokenHash string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActDeviceEnrol, Entity: "device", EntityID: d.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := knownSite(ctx, tx, d.SiteID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO devices (id, site_id, name, token_hash, enrolled_at, enrolled_by) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.ID, d.SiteID, d.Name, tokenHash, millis(d.EnrolledAt), d.EnrolledBy)
		return err
	})
}

// Devices returns the tablets of a scope, the newest first.
func (s *Store) Devices(ctx context.Context, scope care.Scope) ([]care.Device, error) {
	in, args := inScope("site_id", scope, nil)
	rows, err := s.db.QueryContext(ctx, deviceQuery+`WHERE `+in+` ORDER BY id DESC`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Device{}
	for rows.Next() {
		d, err := scanDevice(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *d)
	}
	return list, s.sentence(rows.Err())
}

// DeviceByToken returns the tablet that a token was given to, or an error of code care.NotFound where it is unknown or revoked.
func (s *Store) DeviceByToken(ctx context.Context, tokenHash string) (*care.Device, error) {
	d, err := scanDevice(s.db.QueryRowContext(ctx, deviceQuery+`WHERE token_hash = $1 AND revoked_at IS NULL`, tokenHash))
	return d, s.sentence(err)
}

// DeviceUsers returns who can sign in with a PIN on the tablets of a site, by name.
func (s *Store) DeviceUsers(ctx context.Context, siteID string) ([]care.User, error) {
	return s.users(ctx, `SELECT `+userColumns+` FROM users u JOIN pins p ON p.user_id = u.id WHERE u.disabled_at IS NULL
		AND (u.role = $1 OR EXISTS (SELECT 1 FROM user_sites x WHERE x.user_id = u.id AND x.site_id = $2))`, care.RoleAdmin, siteID)
}

// RevokeDevice ends a tablet of a scope and all that was signed in on it by PIN.
func (s *Store) RevokeDevice(ctx context.Context, act care.Act, id string, scope care.Scope) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActDeviceEnd, Entity: "device", EntityID: id}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		d, err := scanDevice(tx.QueryRowContext(ctx, deviceQuery+`WHERE id = $1`, id))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err != nil || !scope.Has(d.SiteID) {
			return &care.Error{Code: care.NotFound, Text: "There is no such tablet."}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE devices SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, millis(act.At), id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM logins WHERE device_id = $1`, id)
		return err
	})
}
