package store

import (
	"context"
	"math"
	"strconv"
	"strings"

	"wince/care"
	"wince/pain"
)

// AssessmentPage returns the next assessments of a site in the order of their times. Each page is a read of its own: nothing is held
// between two of them, however long the reader takes.
func (s *Store) AssessmentPage(ctx context.Context, q care.AssessmentPage) ([]care.Assessment, error) {
	since, until := int64(math.MinInt64), int64(math.MaxInt64)
	if !q.Since.IsZero() {
		since = millis(q.Since)
	}
	if !q.Until.IsZero() {
		until = millis(q.Until)
	}
	after := since // all ids come after the empty one
	if q.After.ID != "" {
		after = millis(q.After.At)
	}
	args := []any{q.SiteID, after, q.After.ID, until, q.Limit}
	var in []string
	for _, st := range q.Statuses {
		args = append(args, st)
		in = append(in, "$"+strconv.Itoa(len(args)))
	}
	rows, err := s.db.QueryContext(ctx, assessmentQuery+`WHERE site_id = $1 AND (assessed_at, id) > ($2, $3) AND assessed_at < $4
		AND NOT practice AND status IN (`+strings.Join(in, ", ")+`) ORDER BY assessed_at, id LIMIT $5`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := make([]care.Assessment, 0, q.Limit)
	for rows.Next() {
		a, err := s.scanAssessment(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *a)
	}
	return list, s.sentence(rows.Err())
}

// ScaleVersions returns the versions of a scale that were ever used, by their names.
func (s *Store) ScaleVersions(ctx context.Context, id string) ([]pain.Ref, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, version FROM scale_definitions WHERE id = $1 ORDER BY version`, id)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	var list []pain.Ref
	for rows.Next() {
		var r pain.Ref
		if err := rows.Scan(&r.ID, &r.Version); err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, r)
	}
	return list, s.sentence(rows.Err())
}
