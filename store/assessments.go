package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wince/care"
)

// AddSession keeps a session that was opened.
func (s *Store) AddSession(ctx context.Context, act care.Act, v *care.Session) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActSessionOpen, Entity: "session", EntityID: v.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, site_id, resident_id, care_condition, practice, opened_by, opened_by_name, opened_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			v.ID, v.SiteID, orNull(v.ResidentID), v.Condition, v.Practice, v.OpenedBy.ID, v.OpenedBy.Name, millis(v.OpenedAt))
		return err
	})
}

// EndSession records that a session ended, once: a second end changes nothing.
func (s *Store) EndSession(ctx context.Context, act care.Act, id string) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	done, err := tx.ExecContext(ctx, `UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL`, millis(act.At), id)
	if err != nil {
		return s.sentence(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return s.sentence(err)
	}
	if err := s.addAudit(ctx, tx, act, care.AuditEvent{Action: care.ActSessionEnd, Entity: "session", EntityID: id}); err != nil {
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

// Session returns one session, or an error of code care.NotFound.
func (s *Store) Session(ctx context.Context, id string) (*care.Session, error) {
	var v care.Session
	var resident sql.NullString
	var opened int64
	var ended sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT id, site_id, resident_id, care_condition, practice, opened_by, opened_by_name, opened_at, ended_at
		FROM sessions WHERE id = $1`, id).
		Scan(&v.ID, &v.SiteID, &resident, &v.Condition, &v.Practice, &v.OpenedBy.ID, &v.OpenedBy.Name, &opened, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &care.Error{Code: care.NotFound, Text: "There is no such session: open a new one."}
	}
	if err != nil {
		return nil, s.sentence(err)
	}
	v.ResidentID, v.OpenedAt, v.EndedAt = resident.String, moment(opened), momentOrNil(ended)
	return &v, nil
}

// AddAssessment keeps a new assessment. A second one with the same id is refused with care.Conflict.
func (s *Store) AddAssessment(ctx context.Context, act care.Act, a *care.Assessment) error {
	proposals, err := json.Marshal(a.Proposals)
	if err != nil {
		return fmt.Errorf("write proposals: %w", err)
	}
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActAssessAdd, Entity: "assessment", EntityID: a.ID, Version: a.Version}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO assessments (id, session_id, site_id, resident_id, practice, care_condition, status, observation, proposals,
			remarks, created_at, created_by, created_by_name, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			a.ID, a.SessionID, a.SiteID, orNull(a.ResidentID), a.Practice, a.Condition, a.Status, string(a.Observation), string(proposals),
			a.Remarks, millis(a.CreatedAt), a.CreatedBy.ID, a.CreatedBy.Name, a.Version)
		return err
	})
}

// ConfirmAssessment reads an assessment, lets its rules confirm it in the name of the actor and keeps the result. Where
// the record is not at the version given, it refuses with care.Stale and changes nothing.
func (s *Store) ConfirmAssessment(ctx context.Context, act care.Act, id string, version int, remarks *string) (*care.Assessment, error) {
	var a *care.Assessment
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActAssessDone, Entity: "assessment", EntityID: a.ID, Version: a.Version}
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) (err error) {
		if a, err = scanAssessment(tx.QueryRowContext(ctx, assessmentQuery+`WHERE id = $1`, id)); err != nil {
			return err
		}
		if a.Version != version {
			return &care.Error{Code: care.Stale, Text: "Somebody else changed this assessment meanwhile: look at it again, then decide."}
		}
		if err := a.Confirm(remarks, act); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE assessments SET status = $1, remarks = $2, confirmed_at = $3, confirmed_by = $4,
			confirmed_by_name = $5, version = $6 WHERE id = $7`,
			a.Status, a.Remarks, millis(*a.ConfirmedAt), a.ConfirmedBy.ID, a.ConfirmedBy.Name, a.Version, a.ID)
		return err
	})
	if err != nil {
		return nil, noAssessment(err)
	}
	return a, nil
}

// noAssessment says of a missing record that it is an assessment.
func noAssessment(err error) error {
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.NotFound {
		return &care.Error{Code: care.NotFound, Text: "There is no such assessment."}
	}
	return err
}

const assessmentQuery = `SELECT id, session_id, site_id, resident_id, practice, care_condition, status, observation, proposals, remarks,
	created_at, created_by, created_by_name, confirmed_at, confirmed_by, confirmed_by_name, version FROM assessments `

func scanAssessment(row interface{ Scan(...any) error }) (*care.Assessment, error) {
	var a care.Assessment
	var resident, confirmer, confirmerName sql.NullString
	var observation, proposals string
	var created int64
	var confirmed sql.NullInt64
	err := row.Scan(&a.ID, &a.SessionID, &a.SiteID, &resident, &a.Practice, &a.Condition, &a.Status, &observation, &proposals, &a.Remarks,
		&created, &a.CreatedBy.ID, &a.CreatedBy.Name, &confirmed, &confirmer, &confirmerName, &a.Version)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(proposals), &a.Proposals); err != nil {
		return nil, fmt.Errorf("read proposals of assessment %s: %w", a.ID, err)
	}
	a.ResidentID, a.Observation, a.CreatedAt, a.ConfirmedAt = resident.String, json.RawMessage(observation), moment(created), momentOrNil(confirmed)
	if confirmer.Valid {
		a.ConfirmedBy = &care.Actor{ID: confirmer.String, Name: confirmerName.String}
	}
	return &a, nil
}

// Assessment returns one assessment, or an error of code care.NotFound.
func (s *Store) Assessment(ctx context.Context, id string) (*care.Assessment, error) {
	a, err := scanAssessment(s.db.QueryRowContext(ctx, assessmentQuery+`WHERE id = $1`, id))
	if err != nil {
		return nil, noAssessment(s.sentence(err))
	}
	return a, nil
}

// Assessments returns assessments, the newest first.
func (s *Store) Assessments(ctx context.Context, q care.AssessmentQuery) ([]care.Assessment, error) {
	before := int64(1) << 62
	if !q.Before.IsZero() {
		before = millis(q.Before)
	}
	in, args := inScope("site_id", q.Scope, []any{q.Practice, q.ResidentID, before, q.Limit})
	rows, err := s.db.QueryContext(ctx, assessmentQuery+`WHERE practice = $1 AND ($2 = '' OR resident_id = $2) AND created_at < $3 AND `+in+`
		ORDER BY created_at DESC, id DESC LIMIT $4`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Assessment{}
	for rows.Next() {
		a, err := scanAssessment(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *a)
	}
	return list, s.sentence(rows.Err())
}
