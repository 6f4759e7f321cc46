package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"wince/care"
)

// AddResident keeps a new resident.
func (s *Store) AddResident(ctx context.Context, act care.Act, r *care.Resident) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActResidentAdd, Entity: "resident", EntityID: r.ID, Version: r.Version}
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := knownSite(ctx, tx, r.SiteID); err != nil {
			return err
		}
		external, err := s.lookup("residents", "external_id", r.ExternalID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO residents (id, site_id, name, room, external_id, external_key, consent, created_at, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, r.ID, r.SiteID, s.seal("residents", "name", r.ID, r.Name), s.seal("residents", "room", r.ID, r.Room),
			s.seal("residents", "external_id", r.ID, r.ExternalID), external, r.Consent, millis(r.CreatedAt), r.Version)
		return err
	})
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.Conflict {
		e.Field, e.Text = "external_id", "Another resident has this external id: look that one up, or correct the id."
	}
	return err
}

const residentColumns = `id, site_id, name, room, external_id, consent, created_at, version`

func (s *Store) scanResident(row interface{ Scan(...any) error }) (*care.Resident, error) {
	var r care.Resident
	var created int64
	if err := row.Scan(&r.ID, &r.SiteID, s.unseal("residents", "name", &r.ID, &r.Name), s.unseal("residents", "room", &r.ID, &r.Room),
		s.unseal("residents", "external_id", &r.ID, &r.ExternalID), &r.Consent, &created, &r.Version); err != nil {
		return nil, err
	}
	r.CreatedAt = moment(created)
	return &r, nil
}

// Resident returns one resident, or an error of code care.NotFound.
func (s *Store) Resident(ctx context.Context, id string) (*care.Resident, error) {
	r, err := s.scanResident(s.db.QueryRowContext(ctx, `SELECT `+residentColumns+` FROM residents WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &care.Error{Code: care.NotFound, Text: "There is no such resident."}
	}
	return r, s.sentence(err)
}

// Residents returns the residents of some sites by name.
func (s *Store) Residents(ctx context.Context, scope care.Scope) ([]care.Resident, error) {
	in, args := inScope("site_id", scope, nil)
	rows, err := s.db.QueryContext(ctx, `SELECT `+residentColumns+` FROM residents WHERE `+in+` ORDER BY id`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Resident{}
	for rows.Next() {
		r, err := s.scanResident(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *r)
	}
	slices.SortStableFunc(list, func(a, b care.Resident) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, s.sentence(rows.Err())
}
