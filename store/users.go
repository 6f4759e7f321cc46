package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
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
	return s.change(ctx, act, userEvent(care.ActUserAdd, u), func(tx *sql.Tx) error {
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
		return s.insertUser(ctx, tx, u, passwordHash)
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

// userEvent is the audit row of a change to a user, at the version that it has in the end.
func userEvent(action string, u *care.User) func() care.AuditEvent {
	return func() care.AuditEvent {
		return care.AuditEvent{Action: action, Entity: "user", EntityID: u.ID, Version: u.Version}
	}
}

func (s *Store) insertUser(ctx context.Context, tx *sql.Tx, u *care.User, passwordHash string) error {
	key, err := s.lookup(ctx, tx, "users", "name", u.Name)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO users (id, name, name_key, role, password_hash, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		u.ID, s.seal("users", "name", u.ID, u.Name), key, u.Role, passwordHash, millis(u.CreatedAt), u.Version)
	if err != nil {
		return err
	}
	return insertUserSites(ctx, tx, u)
}

func insertUserSites(ctx context.Context, tx *sql.Tx, u *care.User) error {
	for _, site := range u.Sites {
		if err := knownSite(ctx, tx, site); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO user_sites (user_id, site_id) VALUES ($1, $2)`, u.ID, site); err != nil {
			return err
		}
	}
	return nil
}

const userColumns = `u.id, u.name, u.role, u.created_at, u.disabled_at, u.version,
	(SELECT string_agg(w.site_id, ',') FROM user_sites w WHERE w.user_id = u.id)`

// scanUser reads userColumns, and further columns into more.
func (s *Store) scanUser(row interface{ Scan(...any) error }, more ...any) (*care.User, error) {
	var u care.User
	var created int64
	var disabled sql.NullInt64
	var sites sql.NullString
	if err := row.Scan(append([]any{&u.ID, s.unseal("users", "name", &u.ID, &u.Name), &u.Role, &created, &disabled, &u.Version, &sites}, more...)...); err != nil {
		return nil, err
	}
	u.CreatedAt, u.DisabledAt, u.Sites = moment(created), momentOrNil(disabled), []string{}
	if sites.Valid {
		u.Sites = strings.Split(sites.String, ",")
		slices.Sort(u.Sites)
	}
	return &u, nil
}

// noUser says of a missing record that it is a user, and of one in the way that it has the name.
func noUser(err error) error {
	var e *care.Error
	switch {
	case errors.As(err, &e) && e.Code == care.NotFound:
		return &care.Error{Code: care.NotFound, Text: "There is no such member of staff."}
	case errors.As(err, &e) && e.Code == care.Conflict:
		return &care.Error{Code: care.Conflict, Field: "name", Err: e.Err, Text: "Somebody signs in with this name already: choose another."}
	}
	return err
}

// UserByName returns a user and the hash of the password, which is empty where there is none; or an error of code
// care.NotFound. Case does not matter.
func (s *Store) UserByName(ctx context.Context, name string) (*care.User, string, error) {
	key, err := s.lookup(ctx, s.db, "users", "name", name)
	if err != nil {
		return nil, "", s.sentence(err)
	}
	var hash string
	u, err := s.scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+`, u.password_hash FROM users u WHERE u.name_key = $1`, key), &hash)
	return u, hash, noUser(s.sentence(err))
}

// User returns one user and the hash of the password, or an error of code care.NotFound.
func (s *Store) User(ctx context.Context, id string) (*care.User, string, error) {
	var hash string
	u, err := s.scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+`, u.password_hash FROM users u WHERE u.id = $1`, id), &hash)
	return u, hash, noUser(s.sentence(err))
}

// UserByIdentity returns the user whom the home's identity provider knows by something, or an error of code care.NotFound.
func (s *Store) UserByIdentity(ctx context.Context, id care.Identity) (*care.User, error) {
	u, err := s.scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u JOIN identities i ON i.user_id = u.id
		WHERE i.issuer = $1 AND i.subject = $2`, id.Issuer, id.Subject))
	return u, noUser(s.sentence(err))
}

// Users returns the users who work in some site of a scope, by name; the disabled too, because their names stand under
// assessments.
func (s *Store) Users(ctx context.Context, scope care.Scope) ([]care.User, error) {
	in, args := inScope("x.site_id", scope, nil)
	if !scope.All {
		in = `EXISTS (SELECT 1 FROM user_sites x WHERE x.user_id = u.id AND ` + in + `)`
	}
	return s.users(ctx, `SELECT `+userColumns+` FROM users u WHERE `+in+``, args...)
}

func (s *Store) users(ctx context.Context, query string, args ...any) ([]care.User, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.User{}
	for rows.Next() {
		u, err := s.scanUser(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b care.User) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, s.sentence(rows.Err())
}

// AddUser keeps a new user who has no password yet, with the identity at the home's provider where there is one.
func (s *Store) AddUser(ctx context.Context, act care.Act, u *care.User, id *care.Identity) error {
	return noUser(s.change(ctx, act, userEvent(care.ActUserAdd, u), func(tx *sql.Tx) error {
		if err := s.insertUser(ctx, tx, u, ""); err != nil || id == nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3)`, id.Issuer, id.Subject, u.ID)
		return err
	}))
}

// ChangeUser lets edit change a user who is at the version given, and keeps the result; care.Stale where it is not,
// care.LastAdmin where no administrator would be left. Whoever is disabled is signed out everywhere at once.
func (s *Store) ChangeUser(ctx context.Context, act care.Act, id string, version int, edit func(*care.User) error) (*care.User, error) {
	u := &care.User{ID: id}
	err := s.change(ctx, act, func() care.AuditEvent { return userEvent(care.ActUserChange, u)() }, func(tx *sql.Tx) (err error) {
		if u, err = s.scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, id)); err != nil {
			return err
		}
		if u.Version != version {
			return &care.Error{Code: care.Stale, Text: "Somebody else changed this member of staff meanwhile: look again, then decide."}
		}
		if err := edit(u); err != nil {
			return err
		}
		u.Version++
		disabled := sql.NullInt64{}
		if u.DisabledAt != nil {
			disabled = sql.NullInt64{Int64: millis(*u.DisabledAt), Valid: true}
		}
		key, err := s.lookup(ctx, tx, "users", "name", u.Name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET name = $1, name_key = $2, role = $3, disabled_at = $4, version = $5 WHERE id = $6`,
			s.seal("users", "name", id, u.Name), key, u.Role, disabled, u.Version, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM user_sites WHERE user_id = $1`, id); err != nil {
			return err
		}
		if err := insertUserSites(ctx, tx, u); err != nil {
			return err
		}
		if u.DisabledAt != nil {
			if err := forgetAccess(ctx, tx, id, `DELETE FROM pins WHERE user_id = $1`, `DELETE FROM invitations WHERE user_id = $1`); err != nil {
				return err
			}
		}
		return adminLeft(ctx, tx)
	})
	if err != nil {
		return nil, noUser(err)
	}
	return u, nil
}

func adminLeft(ctx context.Context, tx *sql.Tx) error {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE role = $1 AND disabled_at IS NULL`, care.RoleAdmin).Scan(&n)
	if err == nil && n == 0 {
		err = &care.Error{Code: care.LastAdmin, Text: "Nobody would be left to run Wince: make somebody else an administrator first."}
	}
	return err
}

// forgetAccess signs a user out everywhere and runs further statements of one argument, the user.
func forgetAccess(ctx context.Context, tx *sql.Tx, userID string, more ...string) error {
	for _, q := range append(more, `DELETE FROM logins WHERE user_id = $1`) {
		if _, err := tx.ExecContext(ctx, q, userID); err != nil {
			return err
		}
	}
	return nil
}

// Invite keeps the hash of the token with which a user may choose a password, in place of an earlier one.
func (s *Store) Invite(ctx context.Context, act care.Act, userID, tokenHash string, expires time.Time) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActUserInvite, Entity: "user", EntityID: userID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE user_id = $1`, userID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO invitations (token_hash, user_id, expires_at) VALUES ($1, $2, $3)`, tokenHash, userID, millis(expires))
		return err
	})
}

// Invited returns the user whom a token invites, or an error of code care.Invitation.
func (s *Store) Invited(ctx context.Context, tokenHash string, now time.Time) (*care.User, error) {
	u, err := s.scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u JOIN invitations i ON i.user_id = u.id
		WHERE i.token_hash = $1 AND i.expires_at > $2 AND u.disabled_at IS NULL`, tokenHash, millis(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNotInvited
	}
	return u, s.sentence(err)
}

var errNotInvited = &care.Error{Code: care.Invitation, Text: "This invitation is not valid any more: ask a manager for a new one."}

// SetPassword gives a user a password and signs them out everywhere. With an invitation's token hash it uses that up: of two
// requests with one token only the first succeeds.
func (s *Store) SetPassword(ctx context.Context, act care.Act, userID, passwordHash, invitation string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActPassword, Entity: "user", EntityID: userID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if invitation != "" {
			used, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE token_hash = $1 AND user_id = $2`, invitation, userID)
			if err != nil {
				return err
			}
			if n, err := used.RowsAffected(); err != nil || n != 1 {
				return errors.Join(err, errNotInvited)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = $1 WHERE id = $2`, passwordHash, userID); err != nil {
			return err
		}
		return forgetAccess(ctx, tx, userID)
	})
}
