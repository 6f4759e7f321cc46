package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"wince/care"
)

// whose gives the site and the resident of a record of each kind whose changes are logged. What belongs to a resident is seen in
// the site where the resident lives now; assessments, schedules and escalations stay in the one where they were made.
var whose = map[string]string{
	care.KindSite:       `SELECT id, NULL FROM sites WHERE id = $1`,
	care.KindResident:   `SELECT site_id, id FROM residents WHERE id = $1`,
	care.KindConsent:    ofTheResident("consents"),
	care.KindBaseline:   ofTheResident("baselines"),
	care.KindRelief:     ofTheResident("reliefs"),
	care.KindPause:      ofTheResident("pauses"),
	care.KindEvent:      ofTheResident("happenings"),
	care.KindSchedule:   `SELECT site_id, resident_id FROM schedules WHERE id = $1`,
	care.KindEscalation: `SELECT site_id, resident_id FROM escalations WHERE id = $1`,
	care.KindAssessment: `SELECT site_id, resident_id FROM assessments WHERE id = $1 AND NOT practice`,
}

func ofTheResident(table string) string {
	return `SELECT r.site_id, r.id FROM ` + table + ` v JOIN residents r ON r.id = v.resident_id WHERE v.id = $1`
}

// movable are the kinds that a resident takes along to another site.
var movable = []string{care.KindConsent, care.KindBaseline, care.KindRelief, care.KindPause, care.KindEvent}

// logChange logs a change of a record that is in the database, where changes of its kind are logged. Every change with an audit
// row comes by here; who changes several records at once logs the others.
func (s *Store) logChange(ctx context.Context, tx *sql.Tx, act care.Act, entity, id, action string, version int) error {
	query, ok := whose[entity]
	if !ok {
		return nil
	}
	var site string
	var resident sql.NullString
	err := tx.QueryRowContext(ctx, query, id).Scan(&site, &resident)
	if errors.Is(err, sql.ErrNoRows) { // practice
		return nil
	}
	if err != nil {
		return err
	}
	if entity == care.KindConsent {
		if err := s.logResident(ctx, tx, act, resident.String, action); err != nil {
			return err
		}
	}
	return appendChange(ctx, tx, act, &care.RecordChange{SiteID: site, ResidentID: resident.String, Entity: entity, EntityID: id, Action: action, Version: version})
}

// logResident logs that a resident's record shows something else without being changed itself: the newest decision on consent.
func (s *Store) logResident(ctx context.Context, tx *sql.Tx, act care.Act, id, action string) error {
	c := care.RecordChange{ResidentID: id, Entity: care.KindResident, EntityID: id, Action: action}
	if err := tx.QueryRowContext(ctx, `SELECT site_id, version FROM residents WHERE id = $1`, id).Scan(&c.SiteID, &c.Version); err != nil {
		return err
	}
	return appendChange(ctx, tx, act, &c)
}

// appendChange writes the next row of the log.
func appendChange(ctx context.Context, tx *sql.Tx, act care.Act, c *care.RecordChange) error {
	at, err := takeSeq(ctx, tx, act, 1, &c.Seq)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO changes (`+changeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Seq, at, c.SiteID, orNull(c.ResidentID), c.Entity, c.EntityID, c.Action, c.Version)
	return err
}

const changeColumns = `seq, at, site_id, resident_id, entity, entity_id, action, version`

// takeSeq takes the next numbers of the log, of which it gives the last, and returns their time.
func takeSeq(ctx context.Context, tx *sql.Tx, act care.Act, n int64, last *int64) (at int64, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE change_head SET seq = seq + $1, at = CASE WHEN at > $2 THEN at ELSE $2 END RETURNING seq, at`,
		n, millis(act.At)).Scan(last, &at)
	return at, err
}

// logAgain logs the newest change of each of a resident's records of some kinds once more, in a site or where site is empty in
// the one that it was in: they look different from now on.
func logAgain(ctx context.Context, tx *sql.Tx, act care.Act, residentID, site, action string, kinds ...string) error {
	args := []any{residentID}
	in, args := oneOf("entity", kinds, args)
	newest := `SELECT max(seq) FROM changes WHERE resident_id = $1 AND ` + in + ` GROUP BY entity, entity_id`
	var n, last int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (`+newest+`) AS newest`, args...).Scan(&n); err != nil || n == 0 {
		return err
	}
	at, err := takeSeq(ctx, tx, act, n, &last)
	if err != nil {
		return err
	}
	args = append(args, last-n, at, site, action)
	p := func(back int) string { return "$" + strconv.Itoa(len(args)-back) }
	_, err = tx.ExecContext(ctx, `INSERT INTO changes (`+changeColumns+`)
		SELECT CAST(`+p(3)+` AS BIGINT) + row_number() OVER (ORDER BY seq), CAST(`+p(2)+` AS BIGINT),
			CASE WHEN CAST(`+p(1)+` AS TEXT) = '' THEN site_id ELSE CAST(`+p(1)+` AS TEXT) END, resident_id, entity, entity_id, CAST(`+p(0)+` AS TEXT), version
		FROM changes WHERE seq IN (`+newest+`)`, args...)
	return err
}

// logMove tells the site that a resident leaves, and logs what comes along into the new one. The caller logs the resident there.
func (s *Store) logMove(ctx context.Context, tx *sql.Tx, act care.Act, r *care.Resident, from string) error {
	if err := appendChange(ctx, tx, act, &care.RecordChange{SiteID: from, ResidentID: r.ID, Entity: care.KindResident, EntityID: r.ID,
		Action: care.ActResidentMove, Version: r.Version}); err != nil {
		return err
	}
	return logAgain(ctx, tx, act, r.ID, r.SiteID, care.ActResidentMove, movable...)
}

// oneOf returns the condition that a column holds one of some texts; none do not restrict.
func oneOf(column string, list []string, args []any) (string, []any) {
	if len(list) == 0 {
		return "1 = 1", args
	}
	return inScope(column, care.Scope{Sites: list}, args)
}

// scanAtOnce is how many rows of the log are looked through for one page at most.
const scanAtOnce = 50_000

// Changes returns a part of the log. It refuses with care.ChangesGone where the log does not hold the position any more.
func (s *Store) Changes(ctx context.Context, q care.ChangeQuery) (*care.ChangePage, error) {
	return s.changes(ctx, q, scanAtOnce)
}

func (s *Store) changes(ctx context.Context, q care.ChangeQuery, scan int64) (*care.ChangePage, error) {
	page := &care.ChangePage{Changes: []care.RecordChange{}}
	err := s.snapshot(ctx, func(tx queryer) error {
		if err := knownPosition(ctx, tx, q.After); err != nil {
			return err
		}
		var head int64
		if err := tx.QueryRowContext(ctx, `SELECT seq FROM change_head`).Scan(&head); err != nil {
			return err
		}
		from, to := q.After.Seq, head
		if !q.Since.IsZero() {
			first, err := firstSince(ctx, tx, q.Since, head)
			if err != nil {
				return err
			}
			from = max(from, first-1)
		}
		if !q.Until.IsZero() {
			first, err := firstSince(ctx, tx, q.Until, head)
			if err != nil {
				return err
			}
			to = max(from, first-1)
		}
		last := min(to, from+scan)
		where, args := changesWhere(q, from, last)
		list, err := readChanges(ctx, tx, where+` ORDER BY seq LIMIT $3`, args...)
		if err != nil {
			return err
		}
		if len(list) > q.Limit {
			list, page.More = list[:q.Limit], true
			last = list[q.Limit-1].Seq
		} else {
			page.More = last < to
		}
		page.Changes = list
		page.Next, err = positionAt(ctx, tx, last)
		return err
	})
	if err != nil {
		return nil, s.sentence(err)
	}
	return page, nil
}

// changesWhere returns the condition of a part of the log, with its arguments, of which the third is the limit, one too many.
func changesWhere(q care.ChangeQuery, from, to int64) (string, []any) {
	args := []any{from, to, q.Limit + 1}
	scope, args := inScope("c.site_id", q.Scope, args)
	where := `c.seq > $1 AND c.seq <= $2 AND ` + scope
	if q.ResidentID != "" {
		args = append(args, q.ResidentID)
		where += ` AND c.resident_id = $` + strconv.Itoa(len(args))
	}
	kinds, args := oneOf("c.entity", q.Entities, args)
	actions, args := oneOf("c.action", q.Actions, args)
	where += ` AND ` + kinds + ` AND ` + actions
	if q.Newest {
		// A subquery in a comparison is asked row by row, by an index; NOT EXISTS may be planned as a join with the whole log.
		where += ` AND c.seq = (SELECT max(n.seq) FROM changes n WHERE n.entity_id = c.entity_id AND n.entity = c.entity AND ` +
			strings.ReplaceAll(scope, "c.site_id", "n.site_id") + `)`
	}
	return where, args
}

func readChanges(ctx context.Context, q queryer, where string, args ...any) ([]care.RecordChange, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+changeColumns+` FROM changes c WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []care.RecordChange{}
	for rows.Next() {
		var c care.RecordChange
		var at int64
		var resident sql.NullString
		if err := rows.Scan(&c.Seq, &at, &c.SiteID, &resident, &c.Entity, &c.EntityID, &c.Action, &c.Version); err != nil {
			return nil, err
		}
		c.At, c.ResidentID = moment(at), resident.String
		list = append(list, c)
	}
	return list, rows.Err()
}

// positionAt returns the position of the change with a number.
func positionAt(ctx context.Context, q queryer, seq int64) (care.ChangePosition, error) {
	list, err := readChanges(ctx, q, `c.seq = $1`, seq)
	if err != nil || len(list) == 0 {
		return care.ChangePosition{}, err
	}
	return list[0].Position(), nil
}

// knownPosition refuses a position that this log does not have.
func knownPosition(ctx context.Context, q queryer, want care.ChangePosition) error {
	have, err := positionAt(ctx, q, want.Seq)
	if err == nil && have != want {
		err = &care.Error{Code: care.ChangesGone, Field: "after", Text: "The server does not know this place among its changes: it was put back to a backup, or the cursor is another server's. Read everything again from the beginning, without a cursor."}
	}
	return err
}

// firstSince returns the number of the first change at a time or later; that after the last where there is none. Times never go
// back from one change to the next.
func firstSince(ctx context.Context, q queryer, t time.Time, head int64) (int64, error) {
	var failed error
	n := sort.Search(int(head), func(i int) bool {
		var at int64
		err := q.QueryRowContext(ctx, `SELECT at FROM changes WHERE seq = $1`, int64(i)+1).Scan(&at)
		if err != nil && failed == nil {
			failed = err
		}
		return failed != nil || at >= millis(t)
	})
	return int64(n) + 1, failed
}

// ChangesEnd returns the position of the newest change and its time: whoever asks for what changes since that time misses nothing
// that comes after.
func (s *Store) ChangesEnd(ctx context.Context) (care.ChangePosition, time.Time, error) {
	list, err := readChanges(ctx, s.db, `c.seq = (SELECT seq FROM change_head)`)
	if err != nil || len(list) == 0 {
		return care.ChangePosition{}, time.Time{}, s.sentence(err)
	}
	return list[0].Position(), list[0].At, nil
}

// LastChanges returns the newest change of each of some records by the record's id: when it was last changed, whatever its kind.
func (s *Store) LastChanges(ctx context.Context, ids ...string) (map[string]care.RecordChange, error) {
	last := make(map[string]care.RecordChange, len(ids))
	for some := range slices.Chunk(ids, 500) {
		in, args := oneOf("c.entity_id", some, nil)
		list, err := readChanges(ctx, s.db, in+` AND c.seq = (SELECT max(n.seq) FROM changes n WHERE n.entity_id = c.entity_id)`, args...)
		if err != nil {
			return nil, s.sentence(err)
		}
		for _, c := range list {
			last[c.EntityID] = c
		}
	}
	return last, nil
}
