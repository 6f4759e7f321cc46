package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"wince/care"
)

// Searches go through a list in order of a time and an id, from a place on: a page costs what it holds, however far in it lies, and
// records that are added meanwhile move nothing.

// where gathers the conditions of a search and their arguments.
type where struct {
	all  []string
	args []any
}

func (w *where) arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

func (w *where) and(cond string) { w.all = append(w.all, cond) }

// oneOf restricts a column to some values; none do not restrict.
func (w *where) oneOf(column string, values []string) {
	if len(values) == 0 {
		return
	}
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = w.arg(v)
	}
	w.and(column + " IN (" + strings.Join(places, ", ") + ")")
}

func (w *where) scope(column string, scope care.Scope) {
	var in string
	in, w.args = inScope(column, scope, w.args)
	w.and(in)
}

func (w *where) times(column string, times care.Times) {
	for _, group := range times {
		parts := make([]string, len(group))
		for i, r := range group {
			parts[i] = w.span(column, r)
		}
		if cond := strings.Join(parts, " OR "); len(parts) == 1 {
			w.and(cond)
		} else {
			w.and("(" + cond + ")")
		}
	}
}

func (w *where) span(column string, r care.TimeRange) string {
	var parts []string
	if !r.From.IsZero() {
		parts = append(parts, column+" >= "+w.arg(millis(r.From)))
	}
	if !r.To.IsZero() {
		parts = append(parts, column+" < "+w.arg(millis(r.To)))
	}
	if len(parts) == 0 {
		parts = []string{"1 = 1"}
	}
	cond := strings.Join(parts, " AND ")
	if r.Not {
		return "NOT (" + cond + ")"
	}
	return cond
}

// page puts in the place after which the list goes on and returns its order and length.
func (w *where) page(column, id string, newest bool, after *care.Place, limit int) string {
	sign, way := ">", ""
	if newest {
		sign, way = "<", " DESC"
	}
	if after != nil {
		w.and("(" + column + ", " + id + ") " + sign + " (" + w.arg(millis(after.At)) + ", " + w.arg(after.ID) + ")")
	}
	return " ORDER BY " + column + way + ", " + id + way + " LIMIT " + w.arg(limit)
}

func (w *where) text() string {
	if len(w.all) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.all, " AND ")
}

// SearchAssessments returns assessments of care that meet all conditions of a search, in its order.
func (s *Store) SearchAssessments(ctx context.Context, q care.AssessmentSearch) ([]care.Assessment, error) {
	w := assessmentConditions(q)
	column := "assessed_at"
	if q.ByChange {
		column = "changed_at"
	}
	end := w.page(column, "id", q.Newest, q.After, q.Limit)
	return listOf(ctx, s, assessmentQuery+`WHERE `+w.text()+end, w.args, s.scanAssessment)
}

// CountAssessments returns how many assessments of care meet all conditions of a search, wherever its page begins.
func (s *Store) CountAssessments(ctx context.Context, q care.AssessmentSearch) (n int, err error) {
	w := assessmentConditions(q)
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM assessments WHERE `+w.text(), w.args...).Scan(&n)
	return n, s.sentence(err)
}

// assessmentConditions are the conditions of a search but for its place.
func assessmentConditions(q care.AssessmentSearch) *where {
	w := &where{}
	w.and("NOT practice")
	w.oneOf("id", q.IDs)
	w.oneOf("resident_id", q.Residents)
	// An expression is in no index: SQLite must take the resident's, or the one of the order, unless one site alone is asked for.
	site := "site_id || ''"
	if len(q.IDs) == 0 && len(q.Residents) == 0 && len(q.Scope.Sites) == 1 && !q.ByChange {
		site = "site_id"
	}
	w.scope(site, q.Scope)
	w.times("assessed_at", q.Assessed)
	w.times("changed_at", q.Changed)
	statuses := make([]string, len(q.Statuses))
	for i, v := range q.Statuses {
		statuses[i] = string(v)
	}
	w.oneOf("status", statuses)
	w.oneOf("scale_id", q.Scales)
	if q.Scaled {
		w.and("scale_id IS NOT NULL")
	}
	if q.Observed {
		w.and("observation IS NOT NULL")
	}
	return w
}

// SearchResidents returns residents of some sites whose identity was not erased, in order of their ids.
func (s *Store) SearchResidents(ctx context.Context, q care.RecordSearch) ([]care.Resident, error) {
	w := &where{}
	w.and("r.erased_at IS NULL")
	q.Residents = nil // they are the records
	if err := s.records(ctx, w, "r.id", "", q); err != nil {
		return nil, err
	}
	return listOf(ctx, s, residentQuery+`WHERE `+w.text()+w.byID("r.id", q), w.args, s.scanResident)
}

// SearchReliefs returns what was done against pain for residents who live in some sites, in order of when.
func (s *Store) SearchReliefs(ctx context.Context, q care.RecordSearch) ([]care.Relief, error) {
	return searchBodies[care.Relief](ctx, s, "reliefs", "v.given_at", q)
}

// SearchConsents returns decisions on consent of residents who live in some sites, in the order in which they were recorded.
func (s *Store) SearchConsents(ctx context.Context, q care.RecordSearch) ([]care.ConsentRecord, error) {
	return searchBodies[care.ConsentRecord](ctx, s, "consents", "v.recorded_at", q)
}

// SearchSchedules returns schedules of some sites in order of their ids, those that have ended among them.
func (s *Store) SearchSchedules(ctx context.Context, q care.RecordSearch) ([]care.Schedule, error) {
	w := &where{}
	if err := s.records(ctx, w, "r.id", "r.resident_id", q); err != nil {
		return nil, err
	}
	return listOf(ctx, s, `SELECT r.id, r.body FROM schedules r WHERE `+w.text()+w.byID("r.id", q), w.args, bodyOf[care.Schedule](s, "schedules"))
}

// searchBodies reads a page of records that belong to residents, from a table v, with the residents as r.
func searchBodies[T any](ctx context.Context, s *Store, table, time string, q care.RecordSearch) ([]T, error) {
	w := &where{}
	if err := s.records(ctx, w, "v.id", "v.resident_id", q); err != nil {
		return nil, err
	}
	w.times(time, q.At)
	end := w.page(time, "v.id", q.Newest, q.After, q.Limit)
	return listOf(ctx, s, `SELECT v.id, v.body FROM `+table+` v JOIN residents r ON r.id = v.resident_id WHERE `+w.text()+end, w.args, bodyOf[T](s, table))
}

// records puts in the conditions that all records of residents share; resident is empty where the records are the residents.
func (s *Store) records(ctx context.Context, w *where, id, resident string, q care.RecordSearch) error {
	w.scope("r.site_id", q.Scope)
	w.oneOf(id, q.IDs)
	if resident != "" {
		w.oneOf(resident, q.Residents)
	}
	for _, group := range q.Changed {
		// What changed since a time is at the end of the log of changes: whoever asks often is spared the look at every record.
		if since, ok := earliest(group); ok {
			var head int64
			err := s.db.QueryRowContext(ctx, `SELECT seq FROM change_head`).Scan(&head)
			var first int64
			if err == nil {
				first, err = firstSince(ctx, s.db, since, head)
			}
			if err != nil {
				return s.sentence(err)
			}
			w.and(id + " IN (SELECT n.entity_id FROM changes n WHERE n.seq >= " + w.arg(first) + ")")
		}
	}
	w.times("(SELECT n.at FROM changes n WHERE n.entity_id = "+id+" ORDER BY n.seq DESC LIMIT 1)", q.Changed)
	return nil
}

// earliest returns the time before which none of the ranges lies, where there is one.
func earliest(group []care.TimeRange) (since time.Time, ok bool) {
	for i, r := range group {
		if r.Not || r.From.IsZero() {
			return time.Time{}, false
		}
		if i == 0 || r.From.Before(since) {
			since = r.From
		}
	}
	return since, len(group) > 0
}

// byID puts in the place after which a list in the order of its ids goes on.
func (w *where) byID(id string, q care.RecordSearch) string {
	cond := ""
	if q.After != nil {
		cond = " AND " + id + " > " + w.arg(q.After.ID)
	}
	return cond + " ORDER BY " + id + " LIMIT " + w.arg(q.Limit)
}

// listOf reads the records of a query.
func listOf[T any](ctx context.Context, s *Store, query string, args []any, scan func(interface{ Scan(...any) error }) (*T, error)) ([]T, error) {
	list := []T{}
	err := eachRecord(ctx, s.db, query, args, scan, func(v *T) { list = append(list, *v) })
	return list, s.sentence(err)
}

func bodyOf[T any](s *Store, table string) func(interface{ Scan(...any) error }) (*T, error) {
	return func(row interface{ Scan(...any) error }) (*T, error) { return readBody[T](s, table, row) }
}

// SearchAudit returns events of the trail, in its order or the newest first.
func (s *Store) SearchAudit(ctx context.Context, q care.AuditSearch) ([]care.AuditEvent, error) {
	w := &where{}
	w.oneOf("id", q.IDs)
	w.oneOf("entity_id", q.Entities)
	w.times("at", q.At)
	sign, way := ">", ""
	if q.Newest {
		sign, way = "<", " DESC"
	}
	if q.After != 0 {
		w.and("seq " + sign + " " + w.arg(q.After))
	}
	list := []care.AuditEvent{}
	err := s.eachAudit(ctx, s.db, `WHERE `+w.text()+` ORDER BY seq`+way+` LIMIT `+w.arg(q.Limit), w.args, func(e *care.AuditEvent, nameErr error) error {
		list = append(list, *e)
		return nameErr
	})
	return list, s.sentence(err)
}

// ErasedResident says whether a resident's identity was erased, and in which site that was.
func (s *Store) ErasedResident(ctx context.Context, id string) (siteID string, erased bool, err error) {
	var at sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT site_id, erased_at FROM residents WHERE id = $1`, id).Scan(&siteID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return siteID, at.Valid, s.sentence(err)
}
