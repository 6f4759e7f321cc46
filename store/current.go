package store

import (
	"context"
	"fmt"
	"slices"

	"wince/care"
)

// Current returns for each change what its record is now. It reads each kind of record with one query: a page of changes is
// asked for far more often than it is long.
func (s *Store) Current(ctx context.Context, list []care.RecordChange) ([]care.Current, error) {
	now := make([]care.Current, len(list))
	places := map[string]map[string][]int{} // kind -> id -> where in the list
	var residents []string
	for i, c := range list {
		if places[c.Entity] == nil {
			places[c.Entity] = map[string][]int{}
		}
		places[c.Entity][c.EntityID] = append(places[c.Entity][c.EntityID], i)
		now[i].SiteID = c.SiteID
		if slices.Contains(movable, c.Entity) {
			residents = append(residents, c.ResidentID)
		}
	}
	err := s.snapshot(ctx, func(q queryer) error {
		sites, err := sitesOf(ctx, q, residents)
		if err != nil {
			return err
		}
		for i, c := range list {
			if site := sites[c.ResidentID]; site != "" && slices.Contains(movable, c.Entity) {
				now[i].SiteID = site
			}
		}
		for kind, at := range places {
			ids := make([]string, 0, len(at))
			for id := range at {
				ids = append(ids, id)
			}
			for some := range slices.Chunk(ids, 500) {
				found := func(id, site string, record any) {
					for _, i := range at[id] {
						now[i].Record = record
						if site != "" {
							now[i].SiteID = site
						}
					}
				}
				if err := s.currentOf(ctx, q, kind, some, found); err != nil {
					return fmt.Errorf("read changed records of kind %s: %w", kind, err)
				}
			}
		}
		return nil
	})
	return now, err
}

// sitesOf returns the sites in which residents live now.
func sitesOf(ctx context.Context, q queryer, residents []string) (map[string]string, error) {
	sites := map[string]string{}
	slices.Sort(residents)
	for some := range slices.Chunk(slices.Compact(residents), 500) {
		in, args := oneOf("id", some, nil)
		err := eachRecord(ctx, q, `SELECT id, site_id FROM residents WHERE `+in, args, func(row interface{ Scan(...any) error }) (*care.Resident, error) {
			r := &care.Resident{}
			return r, row.Scan(&r.ID, &r.SiteID)
		}, func(r *care.Resident) { sites[r.ID] = r.SiteID })
		if err != nil {
			return nil, err
		}
	}
	return sites, nil
}

// currentOf calls found with each record of a kind that is there, and its site where the record has one of its own.
func (s *Store) currentOf(ctx context.Context, q queryer, kind string, ids []string, found func(id, site string, record any)) error {
	in, args := oneOf("id", ids, nil)
	switch kind {
	case care.KindConsent:
		return eachBody(ctx, s, q, "consents", in, args, func(id string, v *care.ConsentRecord) { found(id, "", v) })
	case care.KindBaseline:
		return eachBody(ctx, s, q, "baselines", in, args, func(id string, v *care.Baseline) { found(id, "", v) })
	case care.KindRelief:
		return eachBody(ctx, s, q, "reliefs", in, args, func(id string, v *care.Relief) { found(id, "", v) })
	case care.KindPause:
		return eachBody(ctx, s, q, "pauses", in, args, func(id string, v *care.Pause) { found(id, "", v) })
	case care.KindEvent:
		return eachBody(ctx, s, q, "happenings", in, args, func(id string, v *care.Event) { found(id, "", v) })
	case care.KindSchedule:
		return eachBody(ctx, s, q, "schedules", in, args, func(id string, v *care.Schedule) { found(id, v.SiteID, v) })
	case care.KindEscalation:
		return eachBody(ctx, s, q, "escalations", in, args, func(id string, v *care.Escalation) { found(id, v.SiteID, v) })
	case care.KindSite:
		return eachRecord(ctx, q, siteQuery+`WHERE `+in, args, scanSite, func(v *care.Site) { found(v.ID, v.ID, v) })
	case care.KindAssessment:
		return eachRecord(ctx, q, assessmentQuery+`WHERE `+in, args, s.scanAssessment, func(v *care.Assessment) { found(v.ID, v.SiteID, v) })
	case care.KindResident:
		in, args := oneOf("r.id", ids, nil)
		return eachRecord(ctx, q, residentQuery+`WHERE r.erased_at IS NULL AND `+in, args, s.scanResident, func(v *care.Resident) { found(v.ID, v.SiteID, v) })
	}
	return nil // of a newer program
}

// eachBody calls do with each record of a table that meets a condition.
func eachBody[T any](ctx context.Context, s *Store, q queryer, table, where string, args []any, do func(id string, v *T)) error {
	return eachRecord(ctx, q, `SELECT id, body FROM `+table+` WHERE `+where, args, func(row interface{ Scan(...any) error }) (*T, error) {
		id, v, err := readNamed[T](s, table, row)
		if err == nil {
			do(id, v)
		}
		return v, err
	}, func(*T) {})
}

// eachRecord calls do with what scan makes of each row of a query.
func eachRecord[T any](ctx context.Context, q queryer, query string, args []any, scan func(interface{ Scan(...any) error }) (*T, error), do func(*T)) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return err
		}
		do(v)
	}
	return rows.Err()
}
