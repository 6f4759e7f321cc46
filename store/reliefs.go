package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"wince/care"
)

// AddRelief keeps what was done against pain. Its assessment, where it names one, must be the resident's own; its measures
// must be on the site's list.
func (s *Store) AddRelief(ctx context.Context, act care.Act, siteID string, r *care.Relief) error {
	return s.change(ctx, act, event(care.ActReliefAdd, "relief", &r.ID, &r.Version), func(tx *sql.Tx) error {
		if err := notErased(ctx, tx, r.ResidentID); err != nil {
			return err
		}
		if err := s.checkMeasures(ctx, tx, siteID, r); err != nil {
			return err
		}
		if err := linkRelief(ctx, tx, r); err != nil {
			return err
		}
		text, err := s.sealBody("reliefs", "body", r.ID, r)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO reliefs (id, site_id, resident_id, given_at, body) VALUES ($1, $2, $3, $4, $5)`,
			r.ID, siteID, r.ResidentID, millis(r.GivenAt), text)
		return err
	})
}

func (s *Store) checkMeasures(ctx context.Context, tx *sql.Tx, siteID string, r *care.Relief) error {
	known, err := s.measures(ctx, tx, siteID)
	if err != nil {
		return err
	}
	for _, id := range r.Measures {
		if !slices.ContainsFunc(known, func(m care.Measure) bool { return m.ID == id && !m.Retired }) {
			return &care.Error{Code: care.Invalid, Field: "measures", Text: "There is no measure " + id + " on the home's list: choose one of the list, or add it there."}
		}
	}
	return nil
}

// linkRelief takes the scale from the assessment before, which it reads in the same transaction.
func linkRelief(ctx context.Context, tx *sql.Tx, r *care.Relief) error {
	if r.AssessmentID == "" {
		return nil
	}
	a, err := scored(ctx, tx, `id = $1 AND resident_id = $2`, r.AssessmentID, r.ResidentID)
	if err != nil {
		return err
	}
	if len(a) == 0 {
		return &care.Error{Code: care.Invalid, Field: "assessment_id", Text: "This resident has no confirmed assessment with that id: confirm it first, or leave it out."}
	}
	if a[0].At.After(r.GivenAt) {
		return &care.Error{Code: care.Invalid, Field: "assessment_id", Text: "The assessment came after the relief: it cannot be the one before."}
	}
	r.Scale = a[0].Scale
	return nil
}

// MarkReliefWrong marks a relief as entered in error.
func (s *Store) MarkReliefWrong(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Relief, error) {
	var r *care.Relief
	audit := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActReliefWrong, Entity: "relief", EntityID: r.ID, Version: r.Version}
	}
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if r, err = body[care.Relief](ctx, s, tx, "reliefs", residentID, id); err != nil {
			return err
		}
		if err := stale(r.Version, version); err != nil {
			return err
		}
		if err := r.MarkWrong(); err != nil {
			return err
		}
		text, err := s.sealBody("reliefs", "body", r.ID, r)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE reliefs SET body = $1 WHERE id = $2`, text, r.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Relief returns one relief of a resident, or an error of code care.NotFound.
func (s *Store) Relief(ctx context.Context, residentID, id string) (*care.Relief, error) {
	return body[care.Relief](ctx, s, s.db, "reliefs", residentID, id)
}

// Reliefs returns what was done against a resident's pain since a time, the newest first.
func (s *Store) Reliefs(ctx context.Context, residentID string, since time.Time) ([]care.Relief, error) {
	return bodies[care.Relief](ctx, s, s.db, "reliefs", `resident_id = $1 AND given_at >= $2 ORDER BY given_at DESC, id DESC`, residentID, millis(since))
}

// Measures returns a site's list of measures by name: those that come with Wince, with the site's own changes.
func (s *Store) Measures(ctx context.Context, siteID string) ([]care.Measure, error) {
	return s.measures(ctx, s.db, siteID)
}

func (s *Store) measures(ctx context.Context, q queryer, siteID string) ([]care.Measure, error) {
	list := care.Measures()
	rows, err := q.QueryContext(ctx, `SELECT id, name, retired, version FROM measures WHERE site_id = $1`, siteID)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m care.Measure
		if err := rows.Scan(&m.ID, &m.Name, &m.Retired, &m.Version); err != nil {
			return nil, s.sentence(err)
		}
		list = slices.DeleteFunc(list, func(o care.Measure) bool { return o.ID == m.ID })
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b care.Measure) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, s.sentence(rows.Err())
}

// PutMeasure adds a measure to a site's list or changes it there.
func (s *Store) PutMeasure(ctx context.Context, act care.Act, siteID string, m *care.Measure) error {
	return s.change(ctx, act, event(care.ActMeasureChange, "measure", &m.ID, &m.Version), func(tx *sql.Tx) error {
		if err := knownSite(ctx, tx, siteID); err != nil {
			return err
		}
		known, err := s.measures(ctx, tx, siteID)
		if err != nil {
			return err
		}
		m.Version = 1
		for _, o := range known {
			if o.ID == m.ID {
				m.Version = o.Version + 1
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO measures (site_id, id, name, retired, version) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (site_id, id) DO UPDATE SET name = excluded.name, retired = excluded.retired, version = excluded.version`,
			siteID, m.ID, m.Name, m.Retired, m.Version)
		return err
	})
}
