package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"wince/care"
	"wince/pain"
)

// Overview reads what a site's overview needs beside the round: residents, chosen baselines, when each resident was assessed
// last, open assessments made before a time, and escalations that nobody has acknowledged.
func (s *Store) Overview(ctx context.Context, siteID string, now, since, openBefore time.Time) (*care.OverviewInput, error) {
	in := &care.OverviewInput{Now: now, Baselines: map[string]string{}, Last: map[string]time.Time{}}
	err := s.snapshot(ctx, func(q queryer) (err error) {
		if in.Residents, err = s.residents(ctx, q, care.Scope{Sites: []string{siteID}}); err != nil {
			return err
		}
		baselines, err := bodies[care.Baseline](ctx, s, q, "baselines", `chosen AND resident_id IN (SELECT id FROM residents WHERE site_id = $1)`, siteID)
		if err != nil {
			return err
		}
		for i := range baselines {
			in.Baselines[baselines[i].ResidentID] = baselines[i].Method
		}
		if err := lastAssessed(ctx, q, siteID, since, in); err != nil {
			return err
		}
		if in.Open, err = openAssessments(ctx, q, siteID, openBefore); err != nil {
			return err
		}
		in.Escalated, err = bodies[care.Escalation](ctx, s, q, "escalations", `site_id = $1 AND acknowledged_at IS NULL AND raised_at >= $2`,
			siteID, millis(now.AddDate(0, 0, -7)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

const confirmed = `status IN ('final', 'amended') AND NOT practice`

// lastAssessed finds when each resident was assessed last. Most were since the time given, which one look at the site's index
// tells; only the others are looked up one by one.
func lastAssessed(ctx context.Context, q queryer, siteID string, since time.Time, in *care.OverviewInput) error {
	rows, err := q.QueryContext(ctx, `SELECT resident_id, max(assessed_at) FROM assessments WHERE site_id = $1 AND assessed_at >= $2 AND `+confirmed+` GROUP BY resident_id`,
		siteID, millis(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var at int64
		if err := rows.Scan(&id, &at); err != nil {
			return err
		}
		in.Last[id] = moment(at)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for i := range in.Residents {
		id := in.Residents[i].ID
		if _, known := in.Last[id]; known {
			continue
		}
		var at sql.NullInt64
		if err := q.QueryRowContext(ctx, `SELECT max(assessed_at) FROM assessments WHERE resident_id = $1 AND assessed_at >= 0 AND `+confirmed, id).Scan(&at); err != nil {
			return err
		}
		if at.Valid {
			in.Last[id] = moment(at.Int64)
		}
	}
	return nil
}

func openAssessments(ctx context.Context, q queryer, siteID string, before time.Time) ([]care.OpenAssessment, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, resident_id, status, created_at, created_by FROM assessments
		WHERE site_id = $1 AND created_at < $2 AND status IN ('draft', 'preliminary') AND NOT practice ORDER BY created_at, id LIMIT 500`, siteID, millis(before))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []care.OpenAssessment{}
	for rows.Next() {
		var a care.OpenAssessment
		var at int64
		if err := rows.Scan(&a.ID, &a.ResidentID, &a.Status, &at, &a.CreatedBy); err != nil {
			return nil, err
		}
		a.CreatedAt = moment(at)
		list = append(list, a)
	}
	return list, rows.Err()
}

// FaceRows returns the confirmed assessments of a resident since a time in which the camera could judge.
func (s *Store) FaceRows(ctx context.Context, residentID string, since time.Time) ([]care.FaceRow, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, scale_id, scale_version, total, observation FROM assessments
		WHERE resident_id = $1 AND assessed_at >= $2 AND `+confirmed+` AND observation IS NOT NULL ORDER BY assessed_at, id`, residentID, millis(since))
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	var list []care.FaceRow
	for rows.Next() {
		var id, observation string
		var scale, version sql.NullString
		var total sql.NullInt64
		if err := rows.Scan(&id, &scale, &version, &total, &observation); err != nil {
			return nil, s.sentence(err)
		}
		var seen struct {
			State string                    `json:"state"`
			AU    map[string]pain.AUSummary `json:"au"`
		}
		if err := json.Unmarshal([]byte(observation), &seen); err != nil {
			return nil, fmt.Errorf("read assessment %s: %w", id, err)
		}
		if seen.State != "assessed" {
			continue
		}
		r := care.FaceRow{Scale: pain.Ref{ID: scale.String, Version: version.String}, AU: seen.AU}
		if total.Valid {
			n := int(total.Int64)
			r.Total = &n
		}
		list = append(list, r)
	}
	return list, s.sentence(rows.Err())
}
