package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"wince/care"
)

// AddSchedule keeps a schedule.
func (s *Store) AddSchedule(ctx context.Context, act care.Act, v *care.Schedule) error {
	return s.change(ctx, act, event(care.ActScheduleAdd, "schedule", &v.ID, &v.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, v.ResidentID); err != nil {
			return err
		}
		if err := knownSite(ctx, tx, v.SiteID); err != nil {
			return err
		}
		text, err := s.sealBody("schedules", "body", v.ID, v)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO schedules (id, site_id, resident_id, ends_at, body) VALUES ($1, $2, $3, $4, $5)`,
			v.ID, v.SiteID, orNull(v.ResidentID), millisOrNull(v.EndsAt), text)
		return err
	})
}

// EndSchedule ends a schedule now.
func (s *Store) EndSchedule(ctx context.Context, act care.Act, id string, version int) (*care.Schedule, error) {
	var v *care.Schedule
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActScheduleEnd, Entity: "schedule", EntityID: v.ID, Version: v.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if v, err = readBody[care.Schedule](s, "schedules", tx.QueryRowContext(ctx, `SELECT id, body FROM schedules WHERE id = $1`, id)); err != nil {
			return err
		}
		if err := stale(v.Version, version); err != nil {
			return err
		}
		if err := v.End(act.At); err != nil {
			return err
		}
		text, err := s.sealBody("schedules", "body", v.ID, v)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE schedules SET ends_at = $1, body = $2 WHERE id = $3`, millisOrNull(v.EndsAt), text, v.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Schedule returns one schedule, or an error of code care.NotFound.
func (s *Store) Schedule(ctx context.Context, id string) (*care.Schedule, error) {
	v, err := readBody[care.Schedule](s, "schedules", s.db.QueryRowContext(ctx, `SELECT id, body FROM schedules WHERE id = $1`, id))
	return v, s.sentence(err)
}

// Schedules returns the schedules of some sites that had not ended at a time.
func (s *Store) Schedules(ctx context.Context, scope care.Scope, at time.Time) ([]care.Schedule, error) {
	in, args := inScope("site_id", scope, []any{millis(at)})
	return bodies[care.Schedule](ctx, s, s.db, "schedules", `(ends_at IS NULL OR ends_at > $1) AND `+in+` ORDER BY id`, args...)
}

// AddPause keeps a pause of a resident.
func (s *Store) AddPause(ctx context.Context, act care.Act, siteID string, p *care.Pause) error {
	return s.change(ctx, act, event(care.ActPauseAdd, "pause", &p.ID, &p.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, p.ResidentID); err != nil {
			return err
		}
		text, err := s.sealBody("pauses", "body", p.ID, p)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO pauses (id, site_id, resident_id, to_at, body) VALUES ($1, $2, $3, $4, $5)`,
			p.ID, siteID, p.ResidentID, millisOrNull(p.To), text)
		return err
	})
}

// EndPause ends a pause now: the resident is back.
func (s *Store) EndPause(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Pause, error) {
	var p *care.Pause
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActPauseEnd, Entity: "pause", EntityID: p.ID, Version: p.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if p, err = body[care.Pause](ctx, s, tx, "pauses", residentID, id); err != nil {
			return err
		}
		if err := stale(p.Version, version); err != nil {
			return err
		}
		if err := p.End(act.At); err != nil {
			return err
		}
		text, err := s.sealBody("pauses", "body", p.ID, p)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE pauses SET to_at = $1, body = $2 WHERE id = $3`, millisOrNull(p.To), text, p.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Pause returns one pause of a resident, or an error of code care.NotFound.
func (s *Store) Pause(ctx context.Context, residentID, id string) (*care.Pause, error) {
	return body[care.Pause](ctx, s, s.db, "pauses", residentID, id)
}

// Pauses returns a resident's pauses, the newest first.
func (s *Store) Pauses(ctx context.Context, residentID string) ([]care.Pause, error) {
	return bodies[care.Pause](ctx, s, s.db, "pauses", `resident_id = $1 ORDER BY id DESC`, residentID)
}

// AddEvent keeps something that happened to a resident.
func (s *Store) AddEvent(ctx context.Context, act care.Act, siteID string, e *care.Event) error {
	return s.change(ctx, act, event(care.ActEventAdd, "event", &e.ID, &e.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, e.ResidentID); err != nil {
			return err
		}
		text, err := s.sealBody("happenings", "body", e.ID, e)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO happenings (id, site_id, resident_id, at, body) VALUES ($1, $2, $3, $4, $5)`,
			e.ID, siteID, e.ResidentID, millis(e.At), text)
		return err
	})
}

// MarkEventWrong marks an event as entered in error: it asks for nothing any more.
func (s *Store) MarkEventWrong(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Event, error) {
	var e *care.Event
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActEventWrong, Entity: "event", EntityID: e.ID, Version: e.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if e, err = body[care.Event](ctx, s, tx, "happenings", residentID, id); err != nil {
			return err
		}
		if err := stale(e.Version, version); err != nil {
			return err
		}
		if err := e.MarkWrong(); err != nil {
			return err
		}
		text, err := s.sealBody("happenings", "body", e.ID, e)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE happenings SET body = $1 WHERE id = $2`, text, e.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Event returns one event of a resident, or an error of code care.NotFound.
func (s *Store) Event(ctx context.Context, residentID, id string) (*care.Event, error) {
	return body[care.Event](ctx, s, s.db, "happenings", residentID, id)
}

// Events returns what happened to a resident, the newest first.
func (s *Store) Events(ctx context.Context, residentID string) ([]care.Event, error) {
	return bodies[care.Event](ctx, s, s.db, "happenings", `resident_id = $1 ORDER BY at DESC, id DESC`, residentID)
}

// Round returns all that decides what is due in a site at a moment, read at one point in time. residentID, where it is not
// empty, leaves only that resident.
func (s *Store) Round(ctx context.Context, siteID, residentID string, now time.Time) (*care.Round, error) {
	since := millis(now.Add(-care.Lookback))
	of := ` AND ($2 = '' OR resident_id = $2)`
	r := &care.Round{}
	err := s.snapshot(ctx, func(q queryer) (err error) {
		if r.Residents, err = residentsOfSite(ctx, q, siteID, residentID); err != nil {
			return err
		}
		if r.Schedules, err = bodies[care.Schedule](ctx, s, q, "schedules", `site_id = $1 AND ($2 = '' OR resident_id IS NULL OR resident_id = $2)
			AND (ends_at IS NULL OR ends_at > $3)`, siteID, residentID, since); err != nil {
			return err
		}
		if r.Pauses, err = bodies[care.Pause](ctx, s, q, "pauses", `site_id = $1`+of+` AND (to_at IS NULL OR to_at > $3)`, siteID, residentID, since); err != nil {
			return err
		}
		// The longest time from an event to what it asks for is ten days.
		if r.Events, err = bodies[care.Event](ctx, s, q, "happenings", `site_id = $1`+of+` AND at > $3`, siteID, residentID, since-10*24*time.Hour.Milliseconds()); err != nil {
			return err
		}
		if r.Reliefs, err = bodies[care.Relief](ctx, s, q, "reliefs", `site_id = $1`+of+` AND given_at > $3`, siteID, residentID, since); err != nil {
			return err
		}
		where, of := `site_id = $1 AND assessed_at >= $2`, siteID
		if residentID != "" {
			where, of = `resident_id = $1 AND assessed_at >= $2`, residentID
		}
		r.Scored, err = scored(ctx, q, where, of, millis(r.Since(now)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Follow returns a relief's follow-ups at a moment, with the change of each against the assessment before.
func (s *Store) Follow(ctx context.Context, siteID string, r *care.Relief, now time.Time) ([]care.FollowUp, error) {
	from, to := millis(r.GivenAt), millis(r.GivenAt.Add(care.Lookback))
	var list []care.FollowUp
	err := s.snapshot(ctx, func(q queryer) error {
		others, err := bodies[care.Relief](ctx, s, q, "reliefs", `resident_id = $1 AND given_at > $2 AND given_at < $3 AND id <> $4`, r.ResidentID, from, to, r.ID)
		if err != nil {
			return err
		}
		pauses, err := bodies[care.Pause](ctx, s, q, "pauses", `site_id = $1 AND resident_id = $2 AND (to_at IS NULL OR to_at > $3)`, siteID, r.ResidentID, from)
		if err != nil {
			return err
		}
		after, err := scored(ctx, q, `resident_id = $1 AND ((assessed_at > $2 AND assessed_at < $3) OR id = $4)`, r.ResidentID, from, to, r.AssessmentID)
		if err != nil {
			return err
		}
		list = care.Follow(r, others, after, pauses, now)
		return nil
	})
	return list, err
}

// Scores returns a resident's confirmed assessments since a time in short, the oldest first: what a trend is drawn from.
func (s *Store) Scores(ctx context.Context, residentID string, since time.Time) ([]care.Scored, error) {
	list, err := scored(ctx, s.db, `resident_id = $1 AND assessed_at >= $2`, residentID, millis(since))
	return list, s.sentence(err)
}

func residentsOfSite(ctx context.Context, q queryer, siteID, residentID string) ([]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT id FROM residents WHERE erased_at IS NULL AND site_id = $1 AND ($2 = '' OR id = $2)`, siteID, residentID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, rows.Err()
}

func millisOrNull(t *time.Time) sql.NullInt64 {
	if t == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: millis(*t), Valid: true}
}

// scored reads what rounds need to know of confirmed assessments that meet a condition, by time. Those of practice have no resident.
func scored(ctx context.Context, q queryer, where string, args ...any) ([]care.Scored, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, resident_id, assessed_at, scale_id, care_condition, total FROM assessments
		WHERE `+where+` AND status IN ('final', 'amended') AND NOT practice ORDER BY assessed_at, id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []care.Scored{}
	for rows.Next() {
		var a care.Scored
		var at int64
		var scale sql.NullString
		var total sql.NullInt64
		if err := rows.Scan(&a.AssessmentID, &a.ResidentID, &at, &scale, &a.Condition, &total); err != nil {
			return nil, err
		}
		a.At, a.Scale = moment(at), scale.String
		if total.Valid {
			n := int(total.Int64)
			a.Total = &n
		}
		list = append(list, a)
	}
	return list, rows.Err()
}
