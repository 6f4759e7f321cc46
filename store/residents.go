package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wince/care"
)

// AddResident keeps a new resident, and the decision on consent that came with it, where one did.
func (s *Store) AddResident(ctx context.Context, act care.Act, r *care.Resident) error {
	err := s.change(ctx, act, event(care.ActResidentAdd, "resident", &r.ID, &r.Version), func(tx *sql.Tx) error {
		return s.insertResident(ctx, tx, act, r)
	})
	return taken(err)
}

// taken says of a record in the way that it is the external id's.
func taken(err error) error {
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.Conflict && e.Field == "" {
		e.Field, e.Text = "external_id", "Another resident has this external id: look that one up, or correct the id."
	}
	return err
}

func (s *Store) insertResident(ctx context.Context, tx *sql.Tx, act care.Act, r *care.Resident) error {
	if err := knownSite(ctx, tx, r.SiteID); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM residents WHERE id = $1`, r.ID).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return &care.Error{Code: care.Conflict, Field: "id", Text: "Another resident has this id: leave it out, or make a new one."}
	}
	external, err := s.lookup(ctx, tx, "residents", "external_id", r.ExternalID)
	if err != nil {
		return err
	}
	details, err := s.sealBody("residents", "details", r.ID, detailsOf(r))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO residents (id, site_id, name, room, external_id, external_key, details, consent, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, r.ID, r.SiteID, s.seal("residents", "name", r.ID, r.Name), s.seal("residents", "room", r.ID, r.Room),
		s.seal("residents", "external_id", r.ID, r.ExternalID), external, details, r.Consent, millis(r.CreatedAt), r.Version); err != nil {
		return err
	}
	if r.CameraConsent == nil {
		return nil
	}
	if err := s.insertConsent(ctx, tx, r.CameraConsent); err != nil {
		return err
	}
	return appendChange(ctx, tx, act, &care.RecordChange{SiteID: r.SiteID, ResidentID: r.ID, Entity: care.KindConsent, EntityID: r.CameraConsent.ID,
		Action: care.ActConsentAdd, Version: r.CameraConsent.Version})
}

// details are a resident's particulars that no query looks for.
type details struct {
	Wing          string             `json:"wing,omitempty"`
	GivenName     string             `json:"given_name,omitempty"`
	FamilyName    string             `json:"family_name,omitempty"`
	BirthDate     string             `json:"birth_date,omitempty"`
	Sex           care.Sex           `json:"sex,omitempty"`
	Communication care.Communication `json:"communication,omitempty"`
	Conditions    []care.FaceNote    `json:"conditions,omitempty"`
	Language      string             `json:"language,omitempty"`
}

func detailsOf(r *care.Resident) *details {
	return &details{r.Wing, r.GivenName, r.FamilyName, r.BirthDate, r.Sex, r.Communication, r.Conditions, r.Language}
}

const residentQuery = `SELECT r.id, r.site_id, r.name, r.room, r.external_id, r.details, r.consent, r.created_at, r.version,
	COALESCE(c.id, ''), c.body, COALESCE(p.id, ''), p.body, r.erased_at
	FROM residents r LEFT JOIN consents c ON c.id = r.camera_consent LEFT JOIN consents p ON p.id = r.photo_consent `

func (s *Store) scanResident(row interface{ Scan(...any) error }) (*care.Resident, error) {
	r := care.Resident{Sex: care.SexUnknown, Communication: care.CommunicationUnknown, Conditions: []care.FaceNote{}}
	var created int64
	var more, camera, photo, cameraID, photoID string
	var erased sql.NullInt64
	if err := row.Scan(&r.ID, &r.SiteID, s.unseal("residents", "name", &r.ID, &r.Name), s.unseal("residents", "room", &r.ID, &r.Room),
		s.unseal("residents", "external_id", &r.ID, &r.ExternalID), s.unseal("residents", "details", &r.ID, &more), &r.Consent, &created, &r.Version,
		&cameraID, s.unseal("consents", "body", &cameraID, &camera), &photoID, s.unseal("consents", "body", &photoID, &photo), &erased); err != nil {
		return nil, err
	}
	if erased.Valid {
		return nil, errErased
	}
	r.CreatedAt = moment(created)
	d := details{Sex: r.Sex, Communication: r.Communication, Conditions: r.Conditions}
	for _, part := range []struct {
		text string
		into any
	}{{more, &d}, {camera, &r.CameraConsent}, {photo, &r.PhotoConsent}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, fmt.Errorf("read resident %s: %w", r.ID, err)
		}
	}
	r.Wing, r.GivenName, r.FamilyName, r.BirthDate, r.Sex, r.Communication, r.Conditions, r.Language =
		d.Wing, d.GivenName, d.FamilyName, d.BirthDate, d.Sex, d.Communication, d.Conditions, d.Language
	return &r, nil
}

// Resident returns one resident, or an error of code care.NotFound.
func (s *Store) Resident(ctx context.Context, id string) (*care.Resident, error) {
	r, err := s.scanResident(s.db.QueryRowContext(ctx, residentQuery+`WHERE r.id = $1`, id))
	return r, noResident(s.sentence(err))
}

// ResidentByExternalID returns the resident with a care platform's id, or an error of code care.NotFound.
func (s *Store) ResidentByExternalID(ctx context.Context, external string) (*care.Resident, error) {
	return s.byExternalID(ctx, s.db, external)
}

func (s *Store) byExternalID(ctx context.Context, q queryer, external string) (*care.Resident, error) {
	key, err := s.lookup(ctx, q, "residents", "external_id", external)
	if err != nil {
		return nil, s.sentence(err)
	}
	r, err := s.scanResident(q.QueryRowContext(ctx, residentQuery+`WHERE r.external_key = $1`, key))
	return r, noResident(s.sentence(err))
}

// noResident says of a missing record that it is a resident.
func noResident(err error) error {
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.NotFound {
		return &care.Error{Code: care.NotFound, Text: "There is no such resident."}
	}
	return err
}

// ChangeResident reads a resident, lets do change the particulars and keeps them. Where the record is not at the version
// given, it refuses with care.Stale.
func (s *Store) ChangeResident(ctx context.Context, act care.Act, id string, version int, do func(*care.Resident) error) (*care.Resident, error) {
	var r *care.Resident
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActResidentChange, Entity: "resident", EntityID: r.ID, Version: r.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if r, err = s.scanResident(tx.QueryRowContext(ctx, residentQuery+`WHERE r.id = $1`, id)); err != nil {
			return err
		}
		if err := stale(r.Version, version); err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
		r.Version++
		return s.writeResident(ctx, tx, act, r)
	})
	if err != nil {
		return nil, noResident(taken(err))
	}
	return r, nil
}

func (s *Store) writeResident(ctx context.Context, tx *sql.Tx, act care.Act, r *care.Resident) error {
	if err := knownSite(ctx, tx, r.SiteID); err != nil {
		return err
	}
	external, err := s.lookup(ctx, tx, "residents", "external_id", r.ExternalID)
	if err != nil {
		return err
	}
	details, err := s.sealBody("residents", "details", r.ID, detailsOf(r))
	if err != nil {
		return err
	}
	var from string
	if err := tx.QueryRowContext(ctx, `SELECT site_id FROM residents WHERE id = $1`, r.ID).Scan(&from); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE residents SET site_id = $1, name = $2, room = $3, external_id = $4, external_key = $5, details = $6, version = $7 WHERE id = $8`,
		r.SiteID, s.seal("residents", "name", r.ID, r.Name), s.seal("residents", "room", r.ID, r.Room), s.seal("residents", "external_id", r.ID, r.ExternalID),
		external, details, r.Version, r.ID)
	if err == nil && from != r.SiteID {
		err = s.logMove(ctx, tx, act, r, from)
	}
	return err
}

// Upsert outcomes.
const (
	Unchanged = "unchanged"
	Added     = "added"
	Changed   = "changed"
)

// UpsertResident keeps what a care platform says of the resident with its external id: it adds the resident, changes the
// particulars, or does nothing where they are the same, so that sending the same again changes nothing. Consent is left as it
// is; the site too, where the resident's is not in scope, because then it is somebody else's resident.
func (s *Store) UpsertResident(ctx context.Context, act care.Act, scope care.Scope, r *care.Resident) (*care.Resident, string, error) {
	old, err := s.byExternalID(ctx, s.db, r.ExternalID)
	if err == nil && scope.Has(old.SiteID) && old.SameAs(r) {
		return old, Unchanged, nil
	}
	outcome, kept := Added, r
	audit := func() care.AuditEvent {
		action := care.ActResidentAdd
		if outcome == Changed {
			action = care.ActResidentChange
		}
		return care.AuditEvent{Action: action, Entity: "resident", EntityID: kept.ID, Version: kept.Version}
	}
	err = s.change(ctx, act, audit, func(tx *sql.Tx) error {
		old, err := s.byExternalID(ctx, tx, r.ExternalID)
		var e *care.Error
		switch {
		case errors.As(err, &e) && e.Code == care.NotFound:
			return s.insertResident(ctx, tx, act, r)
		case err != nil:
			return err
		case !scope.Has(old.SiteID):
			return &care.Error{Code: care.Conflict, Field: "external_id", Text: "A resident of another site has this external id: correct the id, or ask for that site."}
		}
		outcome = Changed
		r.ID, r.CreatedAt, r.Version, r.Consent, r.CameraConsent, r.PhotoConsent = old.ID, old.CreatedAt, old.Version+1, old.Consent, old.CameraConsent, old.PhotoConsent
		return s.writeResident(ctx, tx, act, r)
	})
	if err != nil {
		return nil, "", taken(err)
	}
	return kept, outcome, nil
}

// Residents returns the residents of some sites by name.
func (s *Store) Residents(ctx context.Context, scope care.Scope) ([]care.Resident, error) {
	return s.residents(ctx, s.db, scope)
}

func (s *Store) residents(ctx context.Context, q queryer, scope care.Scope) ([]care.Resident, error) {
	in, args := inScope("r.site_id", scope, nil)
	rows, err := q.QueryContext(ctx, residentQuery+`WHERE r.erased_at IS NULL AND `+in+` ORDER BY r.id`, args...)
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
