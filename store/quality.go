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

// Quality reads what the quality report of a site needs to know of a time; the caller fills Now and PainFrom.
func (s *Store) Quality(ctx context.Context, siteID string, from, to time.Time) (*care.QualityInput, error) {
	in := &care.QualityInput{From: from, To: to}
	until := to.Add(care.FollowUpTime)
	err := s.snapshot(ctx, func(q queryer) (err error) {
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM residents WHERE site_id = $1 AND erased_at IS NULL`, siteID).Scan(&in.Residents); err != nil {
			return err
		}
		if in.Rows, err = qualityRows(ctx, q, siteID, from, until); err != nil {
			return err
		}
		in.Reliefs, err = bodies[care.Relief](ctx, s, q, "reliefs", `site_id = $1 AND given_at >= $2 AND given_at < $3`, siteID, millis(from), millis(until))
		return err
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

func qualityRows(ctx context.Context, q queryer, siteID string, from, until time.Time) ([]care.QualityRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, resident_id, assessed_at, care_condition, method, scale_id, scale_version, total, answers, rated_blind,
		proposals, observation FROM assessments
		WHERE site_id = $1 AND assessed_at >= $2 AND assessed_at < $3 AND status IN ('final', 'amended') AND NOT practice ORDER BY assessed_at, id`,
		siteID, millis(from), millis(until))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []care.QualityRow
	for rows.Next() {
		r, err := scanQuality(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, *r)
	}
	return list, rows.Err()
}

func scanQuality(rows *sql.Rows) (*care.QualityRow, error) {
	var r care.QualityRow
	var at int64
	var scale, version, rated, observation sql.NullString
	var total sql.NullInt64
	var answers, proposals string
	if err := rows.Scan(&r.AssessmentID, &r.ResidentID, &at, &r.Condition, &r.Method, &scale, &version, &total, &answers, &rated, &proposals, &observation); err != nil {
		return nil, err
	}
	var seen struct {
		State   string             `json:"state"`
		Reasons map[string]float64 `json:"reasons"`
	}
	for _, part := range []struct {
		text string
		into any
	}{{answers, &r.Answers}, {rated.String, &r.RatedBlind}, {proposals, &r.Proposals}, {observation.String, &seen}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return nil, fmt.Errorf("read assessment %s: %w", r.AssessmentID, err)
		}
	}
	r.At, r.Scale, r.State, r.Reasons = moment(at), pain.Ref{ID: scale.String, Version: version.String}, seen.State, seen.Reasons
	if total.Valid {
		n := int(total.Int64)
		r.Total = &n
	}
	return &r, nil
}
