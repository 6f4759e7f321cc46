package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"wince/care"
	"wince/pain"
)

// AddSession keeps a session that was opened.
func (s *Store) AddSession(ctx context.Context, act care.Act, v *care.Session) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActSessionOpen, Entity: "session", EntityID: v.ID}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, v.ResidentID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, site_id, resident_id, care_condition, practice, opened_by, opened_by_name, opened_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			v.ID, v.SiteID, orNull(v.ResidentID), v.Condition, v.Practice, v.OpenedBy.ID,
			s.seal("sessions", "opened_by_name", v.ID, v.OpenedBy.Name), millis(v.OpenedAt))
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

// OpenSessions returns the ids of the sessions without an end: a resident's, or all where the resident is "".
func (s *Store) OpenSessions(ctx context.Context, residentID string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM sessions WHERE ended_at IS NULL AND ($1 = '' OR resident_id = $2) ORDER BY id`,
		residentID, residentID)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, s.sentence(err)
		}
		ids = append(ids, id)
	}
	return ids, s.sentence(rows.Err())
}

// Session returns one session, or an error of code care.NotFound.
func (s *Store) Session(ctx context.Context, id string) (*care.Session, error) {
	var v care.Session
	var resident sql.NullString
	var opened int64
	var ended sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT id, site_id, resident_id, care_condition, practice, opened_by, opened_by_name, opened_at, ended_at
		FROM sessions WHERE id = $1`, id).
		Scan(&v.ID, &v.SiteID, &resident, &v.Condition, &v.Practice, &v.OpenedBy.ID,
			s.unseal("sessions", "opened_by_name", &v.ID, &v.OpenedBy.Name), &opened, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &care.Error{Code: care.NotFound, Text: "There is no such session: open a new one."}
	}
	if err != nil {
		return nil, s.sentence(err)
	}
	v.ResidentID, v.OpenedAt, v.EndedAt = resident.String, moment(opened), momentOrNil(ended)
	return &v, nil
}

// AddAssessment keeps a new assessment, and with the first of a scale's version the scale's definition. A second one with
// the same id is refused with care.Conflict.
func (s *Store) AddAssessment(ctx context.Context, act care.Act, a *care.Assessment) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActAssessAdd, Entity: "assessment", EntityID: a.ID, Version: a.Version}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, a.ResidentID); err != nil {
			return err
		}
		if a.Scale != nil && a.Definition != nil {
			if err := keepDefinition(ctx, tx, *a.Scale, *a.Definition, act); err != nil {
				return err
			}
		}
		if err := keepModelSet(ctx, tx, a.Observation); err != nil {
			return err
		}
		values, err := s.assessmentValues(a)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO assessments (`+assessmentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
			$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)`, values...); err != nil {
			return err
		}
		return addAssessmentChange(ctx, tx, care.AssessmentChange{AssessmentID: a.ID, ID: a.ID, Fingerprint: a.Fingerprint}, a.Version, nil)
	})
}

// addAssessmentChange keeps what a record was before it became the version, under the id that the client gave the change.
func addAssessmentChange(ctx context.Context, tx *sql.Tx, ch care.AssessmentChange, version int, previous any) error {
	if ch.ID == "" {
		ch.ID = care.NewID()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO assessment_changes (id, assessment_id, version, fingerprint, previous) VALUES ($1, $2, $3, $4, $5)`,
		ch.ID, ch.AssessmentID, version, ch.Fingerprint, previous)
	return err
}

// errRepeated says inside a transaction that the change was made before.
var errRepeated = &care.Error{Code: care.Conflict, Text: "This change was made before."}

// ChangeAssessment reads an assessment, lets do change it by its rules and keeps the result, and what was there before.
// Where the record is not at the version given, it refuses with care.Stale and changes nothing. A change whose id was seen
// before is not made again: the answer is the record as it is now, or care.Conflict where it was another change.
func (s *Store) ChangeAssessment(ctx context.Context, act care.Act, ch care.AssessmentChange, do func(*care.Assessment) error) (*care.Assessment, error) {
	var a *care.Assessment
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: ch.Action, Entity: "assessment", EntityID: a.ID, Version: a.Version}
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) (err error) {
		if a, err = s.scanAssessment(tx.QueryRowContext(ctx, assessmentQuery+`WHERE id = $1`, ch.AssessmentID)); err != nil {
			return err
		}
		var same bool
		err = tx.QueryRowContext(ctx, `SELECT assessment_id = $1 AND fingerprint = $2 FROM assessment_changes WHERE id = $3`,
			ch.AssessmentID, ch.Fingerprint, ch.ID).Scan(&same)
		switch {
		case err == nil && same:
			return errRepeated
		case err == nil:
			return &care.Error{Code: care.Conflict, Field: "id", Text: "Another change has this id: give each change an id of its own."}
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if a.Version != ch.Version {
			return &care.Error{Code: care.Stale, Text: "Somebody else changed this assessment meanwhile: look at it again, then decide."}
		}
		if err := notErased(ctx, tx, a.ResidentID); err != nil {
			return err // what was erased must not come back as remarks
		}
		before, err := json.Marshal(a.WithoutTrace())
		if err != nil {
			return fmt.Errorf("write assessment: %w", err)
		}
		if err := do(a); err != nil {
			return err
		}
		if ch.ID == "" {
			ch.ID = care.NewID()
		}
		if err := addAssessmentChange(ctx, tx, ch, a.Version, s.seal("assessment_changes", "previous", ch.ID, string(before))); err != nil {
			return err
		}
		if err := keepModelSet(ctx, tx, a.Observation); err != nil {
			return err
		}
		values, err := s.assessmentValues(a)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE assessments SET (`+assessmentColumns+`) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
			$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33) WHERE id = $1`, values...)
		return err
	})
	if errors.Is(err, errRepeated) {
		return a, nil
	}
	if err != nil {
		return nil, noAssessment(err)
	}
	return a, nil
}

// SeenAssessmentChange returns the assessment that a change of this id was made to, and the fingerprint of the request; both
// are empty where there is none.
func (s *Store) SeenAssessmentChange(ctx context.Context, id string) (assessmentID, fingerprint string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT assessment_id, fingerprint FROM assessment_changes WHERE id = $1`, id).Scan(&assessmentID, &fingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return assessmentID, fingerprint, s.sentence(err)
}

// AssessmentHistory returns what an assessment was before each of its changes, oldest first.
func (s *Store) AssessmentHistory(ctx context.Context, id string) ([]care.Assessment, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, previous FROM assessment_changes WHERE assessment_id = $1 AND previous IS NOT NULL
		ORDER BY version`, id)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Assessment{}
	for rows.Next() {
		var change, text string
		if err := rows.Scan(&change, s.unseal("assessment_changes", "previous", &change, &text)); err != nil {
			return nil, s.sentence(err)
		}
		var a care.Assessment
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return nil, fmt.Errorf("read a former assessment of %s: %w", id, err)
		}
		if string(a.Observation) == "null" {
			a.Observation = nil
		}
		list = append(list, a)
	}
	return list, s.sentence(rows.Err())
}

// noAssessment says of a missing record that it is an assessment.
func noAssessment(err error) error {
	var e *care.Error
	if errors.As(err, &e) && e.Code == care.NotFound {
		return &care.Error{Code: care.NotFound, Text: "There is no such assessment."}
	}
	return err
}

const (
	assessmentColumns = `id, session_id, site_id, resident_id, practice, care_condition, status, method, scale_id, scale_version, pain_type,
		answers, total, band, blind, rated_blind, observation, proposals, not_proposed, body_sites, remarks, reason, assessed_at,
		created_at, created_by, created_by_name, changed_at, changed_by, changed_by_name, confirmed_at, confirmed_by, confirmed_by_name, version`
	assessmentQuery = `SELECT ` + assessmentColumns + ` FROM assessments `
)

// assessmentValues returns the values of assessmentColumns.
func (s *Store) assessmentValues(a *care.Assessment) ([]any, error) {
	var err error
	text := func(v any) string {
		b, e := json.Marshal(v)
		err = errors.Join(err, e)
		return string(b)
	}
	var scaleID, scaleVersion, rated, observation, confirmer sql.NullString
	var confirmerName string
	var total, confirmed sql.NullInt64
	if a.Scale != nil {
		scaleID, scaleVersion = orNull(a.Scale.ID), orNull(a.Scale.Version)
	}
	if a.RatedBlind != nil {
		rated = orNull(text(a.RatedBlind))
	}
	if a.Observation != nil {
		observation = orNull(string(a.Observation))
	}
	if a.Total != nil {
		total = sql.NullInt64{Int64: int64(*a.Total), Valid: true}
	}
	if a.ConfirmedAt != nil && a.ConfirmedBy != nil {
		confirmed = sql.NullInt64{Int64: millis(*a.ConfirmedAt), Valid: true}
		confirmer, confirmerName = orNull(a.ConfirmedBy.ID), a.ConfirmedBy.Name
	}
	values := []any{a.ID, orNull(a.SessionID), a.SiteID, orNull(a.ResidentID), a.Practice, a.Condition, a.Status, a.Method, scaleID, scaleVersion,
		a.PainType, text(a.Answers), total, a.Band, a.Blind, rated, observation, text(a.Proposals), text(a.NotProposed), text(a.BodySites),
		s.seal("assessments", "remarks", a.ID, a.Remarks), s.seal("assessments", "reason", a.ID, a.Reason), millis(a.AssessedAt),
		millis(a.CreatedAt), a.CreatedBy.ID, s.seal("assessments", "created_by_name", a.ID, a.CreatedBy.Name),
		millis(a.ChangedAt), a.ChangedBy.ID, s.seal("assessments", "changed_by_name", a.ID, a.ChangedBy.Name),
		confirmed, confirmer, s.seal("assessments", "confirmed_by_name", a.ID, confirmerName), a.Version}
	if err != nil {
		return nil, fmt.Errorf("write assessment: %w", err)
	}
	return values, nil
}

func (s *Store) scanAssessment(row interface{ Scan(...any) error }) (*care.Assessment, error) {
	var a care.Assessment
	var session, resident, scaleID, scaleVersion, rated, observation, confirmer sql.NullString
	var answers, proposals, not, sites, confirmerName string
	var assessed, created, changed int64
	var total, confirmed sql.NullInt64
	err := row.Scan(&a.ID, &session, &a.SiteID, &resident, &a.Practice, &a.Condition, &a.Status, &a.Method, &scaleID, &scaleVersion, &a.PainType,
		&answers, &total, &a.Band, &a.Blind, &rated, &observation, &proposals, &not, &sites,
		s.unseal("assessments", "remarks", &a.ID, &a.Remarks), s.unseal("assessments", "reason", &a.ID, &a.Reason), &assessed,
		&created, &a.CreatedBy.ID, s.unseal("assessments", "created_by_name", &a.ID, &a.CreatedBy.Name),
		&changed, &a.ChangedBy.ID, s.unseal("assessments", "changed_by_name", &a.ID, &a.ChangedBy.Name),
		&confirmed, &confirmer, s.unseal("assessments", "confirmed_by_name", &a.ID, &confirmerName), &a.Version)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{answers, &a.Answers}, {proposals, &a.Proposals}, {not, &a.NotProposed}, {sites, &a.BodySites}, {rated.String, &a.RatedBlind}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, fmt.Errorf("read assessment %s: %w", a.ID, err)
		}
	}
	a.SessionID, a.ResidentID = session.String, resident.String
	a.AssessedAt, a.CreatedAt, a.ChangedAt, a.ConfirmedAt = moment(assessed), moment(created), moment(changed), momentOrNil(confirmed)
	if scaleID.Valid {
		a.Scale = &pain.Ref{ID: scaleID.String, Version: scaleVersion.String}
	}
	if total.Valid {
		n := int(total.Int64)
		a.Total = &n
	}
	if observation.Valid {
		a.Observation = json.RawMessage(observation.String)
	}
	if confirmer.Valid {
		a.ConfirmedBy = &care.Actor{ID: confirmer.String, Name: confirmerName}
	}
	return &a, nil
}

// Assessment returns one assessment, or an error of code care.NotFound.
func (s *Store) Assessment(ctx context.Context, id string) (*care.Assessment, error) {
	a, err := s.scanAssessment(s.db.QueryRowContext(ctx, assessmentQuery+`WHERE id = $1`, id))
	if err != nil {
		return nil, noAssessment(s.sentence(err))
	}
	return a, nil
}

// Assessments returns assessments, the last made first.
func (s *Store) Assessments(ctx context.Context, q care.AssessmentQuery) ([]care.Assessment, error) {
	before, since := int64(1)<<62, int64(0)
	if !q.Before.IsZero() {
		before = millis(q.Before)
	}
	if !q.Since.IsZero() {
		since = millis(q.Since)
	}
	where, args := assessmentsWhere(q, []any{q.Practice, since, before, q.Limit})
	rows, err := s.db.QueryContext(ctx, assessmentQuery+where, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Assessment{}
	for rows.Next() {
		a, err := s.scanAssessment(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *a)
	}
	return list, s.sentence(rows.Err())
}

// assessmentsWhere returns the condition, order and limit of a list, with the arguments added to those for practice, since,
// before and limit.
func assessmentsWhere(q care.AssessmentQuery, args []any) (string, []any) {
	site, of := "site_id", ""
	if q.ResidentID != "" {
		args = append(args, q.ResidentID)
		// An expression is in no index: SQLite must take the resident's, which is shorter than the site's.
		site, of = "site_id || ''", ` AND resident_id = $5`
	}
	last := ""
	if q.BeforeID != "" {
		// Written so that the index is still walked from $3 on.
		args = append(args, q.BeforeID)
		n := strconv.Itoa(len(args))
		last = ` AND (assessed_at < $3 - 1 OR id < $` + n + `)`
		args[2] = millis(q.Before) + 1
	}
	in, args := inScope(site, q.Scope, args)
	return `WHERE practice = $1 AND assessed_at >= $2 AND assessed_at < $3` + last + of + ` AND ` + in + ` ORDER BY assessed_at DESC, id DESC LIMIT $4`, args
}
