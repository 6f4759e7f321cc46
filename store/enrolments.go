package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"wince/care"
)

// AddEnrolment keeps a code to enrol a tablet with, by its hash.
func (s *Store) AddEnrolment(ctx context.Context, act care.Act, e *care.Enrolment, codeHash string) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActEnrolmentAdd, Entity: "enrolment", EntityID: e.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := knownSite(ctx, tx, e.SiteID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO enrolments (id, site_id, name, code_hash, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			e.ID, e.SiteID, e.Name, codeHash, millis(e.CreatedAt), e.CreatedBy, millis(e.ExpiresAt))
		return err
	})
}

const enrolmentQuery = `SELECT id, site_id, name, created_at, created_by, expires_at, used_at, COALESCE(device_id, '') FROM enrolments `

func scanEnrolment(row interface{ Scan(...any) error }) (*care.Enrolment, error) {
	var e care.Enrolment
	var created, expires int64
	var used sql.NullInt64
	if err := row.Scan(&e.ID, &e.SiteID, &e.Name, &created, &e.CreatedBy, &expires, &used, &e.DeviceID); err != nil {
		return nil, err
	}
	e.CreatedAt, e.ExpiresAt, e.UsedAt = moment(created), moment(expires), momentOrNil(used)
	return &e, nil
}

// Enrolments returns the codes of a scope that were made since a time, the newest first.
func (s *Store) Enrolments(ctx context.Context, scope care.Scope, since time.Time) ([]care.Enrolment, error) {
	in, args := inScope("site_id", scope, []any{millis(since)})
	rows, err := s.db.QueryContext(ctx, enrolmentQuery+`WHERE created_at >= $1 AND `+in+` ORDER BY created_at DESC, id DESC`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Enrolment{}
	for rows.Next() {
		e, err := scanEnrolment(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *e)
	}
	return list, s.sentence(rows.Err())
}

// errEnrolment is the one answer to a code that is unknown, used, too old or taken back: a guesser learns nothing.
var errEnrolment = &care.Error{Code: care.EnrolmentCode, Text: "This code is not valid, or not any more: ask for a new one, which holds for ten minutes."}

// UseEnrolment enrols a tablet with a code, once: of two that come with the same only the first succeeds. It fills in the
// device's site, name and who enrolled it: whoever made the code, in whose name the audit row is written.
func (s *Store) UseEnrolment(ctx context.Context, act care.Act, codeHash string, d *care.Device, tokenHash string) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	e, err := scanEnrolment(tx.QueryRowContext(ctx, enrolmentQuery+`WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2`, codeHash, millis(act.At)))
	if errors.Is(err, sql.ErrNoRows) {
		return errEnrolment
	}
	if err != nil {
		return s.sentence(err)
	}
	by, err := s.scanUser(tx.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1 AND u.disabled_at IS NULL`, e.CreatedBy))
	if errors.Is(err, sql.ErrNoRows) {
		return errEnrolment // whoever made it has left
	}
	if err != nil {
		return s.sentence(err)
	}
	act.By = by.Actor()
	d.SiteID, d.Name, d.EnrolledBy = e.SiteID, e.Name, e.CreatedBy
	if _, err := tx.ExecContext(ctx, `INSERT INTO devices (id, site_id, name, token_hash, enrolled_at, enrolled_by) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.ID, d.SiteID, d.Name, tokenHash, millis(d.EnrolledAt), d.EnrolledBy); err != nil {
		return s.sentence(err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE enrolments SET used_at = $1, device_id = $2 WHERE id = $3`, millis(act.At), d.ID, e.ID); err != nil {
		return s.sentence(err)
	}
	for _, event := range []care.AuditEvent{
		{Action: care.ActDeviceEnrol, Entity: "device", EntityID: d.ID},
		{Action: care.ActEnrolmentUse, Entity: "enrolment", EntityID: e.ID},
	} {
		if err := s.addAudit(ctx, tx, act, event); err != nil {
			return s.sentence(err)
		}
	}
	return s.sentence(tx.Commit())
}

// EndEnrolment takes a code back that nobody has used.
func (s *Store) EndEnrolment(ctx context.Context, act care.Act, id string, scope care.Scope) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActEnrolmentEnd, Entity: "enrolment", EntityID: id}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		in, args := inScope("site_id", scope, []any{millis(act.At), id})
		done, err := tx.ExecContext(ctx, `UPDATE enrolments SET expires_at = $1 WHERE id = $2 AND used_at IS NULL AND expires_at > $1 AND `+in, args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, &care.Error{Code: care.NotFound, Text: "There is no such code that waits for a tablet."})
		}
		return nil
	})
}
