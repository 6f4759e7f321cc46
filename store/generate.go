package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"wince/care"
	"wince/pain"
)

// Invented says how many records of nobody to make, for measuring.
type Invented struct {
	Residents   int       // all of them
	Assessments int       // confirmed ones, spread over the year before Now
	PerHome     int       // residents of one home
	Now         time.Time // the last assessment is made shortly before
	Scale       *pain.Scale
}

// Rows of one statement, and statements of one transaction.
const (
	rowsAtOnce       = 50
	statementsAtOnce = 1000
)

// Invent fills an empty database with homes, residents, two schedules a home and assessments. In the first home every resident
// is assessed four times a day, as a schedule of it asks; the others get the rest, at random. Assessments are written in the
// order of their times, as they would come in, so that one resident's lie as scattered as in life, and stand so in the log of
// changes. What the audit trail and former versions would hold is left out: one audit row says that records were invented. progress is told the
// assessments written so far.
func (s *Store) Invent(ctx context.Context, act care.Act, in Invented, progress func(int)) error {
	homes, err := s.inventHomes(ctx, act, in)
	if err != nil {
		return err
	}
	if err := s.inventAssessments(ctx, act, in, homes, progress); err != nil {
		return err
	}
	// Both databases choose their plans by what they know of the tables.
	if _, lite := s.back.(*sqlite); lite {
		if _, err := s.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
			return s.sentence(err)
		}
	}
	if _, err := s.db.ExecContext(ctx, `ANALYZE`); err != nil {
		return s.sentence(err)
	}
	return s.change(ctx, act, func() care.AuditEvent {
		return care.AuditEvent{Action: "records.invent", Entity: "assessment"}
	}, func(*sql.Tx) error { return nil })
}

// home is one invented home.
type home struct {
	site      string
	residents []string
}

func (s *Store) inventHomes(ctx context.Context, act care.Act, in Invented) ([]home, error) {
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM residents`).Scan(&n); err != nil {
		return nil, s.sentence(err)
	}
	if n > 0 {
		return nil, &care.Error{Code: care.Conflict, Text: "There are residents in this database: invented records go into an empty one only."}
	}
	homes := make([]home, (in.Residents+in.PerHome-1)/in.PerHome)
	made := 0
	for i := range homes {
		tx, err := s.begin(ctx)
		if err != nil {
			return nil, s.sentence(err)
		}
		err = s.inventHome(ctx, tx, act, in, i, min(in.PerHome, in.Residents-made), &homes[i])
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			tx.Rollback()
			return nil, s.sentence(fmt.Errorf("invent home %d: %w", i+1, err))
		}
		made += len(homes[i].residents)
	}
	return homes, nil
}

func (s *Store) inventHome(ctx context.Context, tx *sql.Tx, act care.Act, in Invented, i, residents int, h *home) error {
	h.site = care.DefaultSite
	begin := in.Now.AddDate(-1, 0, 0)
	if i > 0 {
		h.site = care.NewID()
		name := "Home " + strconv.Itoa(i+1)
		if _, err := tx.ExecContext(ctx, `INSERT INTO sites (id, name, name_key, zone, created_at, version) VALUES ($1, $2, $3, $4, $5, 1)`,
			h.site, name, strings.ToLower(name), "Europe/Paris", millis(in.Now)); err != nil {
			return err
		}
		if err := s.logChange(ctx, tx, care.Act{At: begin}, care.KindSite, h.site, care.ActSiteAdd, 1); err != nil {
			return err
		}
	}
	given, family := []string{"Ada", "Bela", "Cleo", "Dora", "Emil", "Fred", "Gita", "Hugo"}, []string{"Oak", "Elm", "Fir", "Ash", "Birch", "Alder", "Rowan"}
	for k := range residents {
		r := &care.Resident{ID: care.NewID(), SiteID: h.site, GivenName: given[k%len(given)], FamilyName: family[k%len(family)] + " " + strconv.Itoa(i) + "-" + strconv.Itoa(k),
			Room: strconv.Itoa(k + 1), ExternalID: "invented-" + strconv.Itoa(i) + "-" + strconv.Itoa(k), BirthDate: "1940-01-01", Consent: care.ConsentGiven,
			CreatedAt: begin, Version: 1}
		if err := r.Check(in.Now); err != nil {
			return err
		}
		if err := s.insertResident(ctx, tx, act, r); err != nil {
			return err
		}
		if err := s.logChange(ctx, tx, care.Act{At: begin}, care.KindResident, r.ID, care.ActResidentAdd, r.Version); err != nil {
			return err
		}
		h.residents = append(h.residents, r.ID)
	}
	for _, repeat := range []care.Repeat{{EveryHours: 6}, {Weekdays: []string{"mo", "th"}, At: []string{"10:00"}}} {
		v := &care.Schedule{SiteID: h.site, Repeat: repeat, TimeZone: "Europe/Paris", StartsAt: in.Now.AddDate(0, -11, 0), CreatedAt: in.Now, CreatedBy: act.By, Version: 1}
		if err := v.Check(in.Now); err != nil {
			return err
		}
		text, err := s.sealBody("schedules", "body", v.ID, v)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO schedules (id, site_id, body) VALUES ($1, $2, $3)`, v.ID, v.SiteID, text); err != nil {
			return err
		}
		if err := s.logChange(ctx, tx, care.Act{At: begin}, care.KindSchedule, v.ID, care.ActScheduleAdd, v.Version); err != nil {
			return err
		}
	}
	return nil
}

// busyEach is how often a day the residents of the first home are assessed.
const busyEach = 4

// inventor makes one invented assessment after the other.
type inventor struct {
	in    Invented
	homes []home
	dice  *rand.Rand // the same records each time
	share float64    // of the busy home, whose assessments come evenly among the rest
	owed  float64    // to the busy home
	next  int        // of its residents
	done  int
}

func (s *Store) inventAssessments(ctx context.Context, act care.Act, in Invented, homes []home, progress func(int)) error {
	if err := s.change(ctx, act, func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActScaleAdd, Entity: "scale"}
	}, func(tx *sql.Tx) error { return keepDefinition(ctx, tx, in.Scale.Ref(), in.Scale.File, act) }); err != nil {
		return err
	}
	busy := min(in.Assessments, 365*busyEach*len(homes[0].residents))
	v := &inventor{in: in, homes: homes, dice: rand.New(rand.NewPCG(1, 2)), share: float64(busy) / float64(in.Assessments)}
	for v.done < in.Assessments {
		tx, err := s.begin(ctx)
		if err != nil {
			return s.sentence(err)
		}
		err = s.inventSome(ctx, tx, v)
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			tx.Rollback()
			return s.sentence(err)
		}
		progress(v.done)
	}
	return nil
}

// inventSome writes what goes into one transaction.
func (s *Store) inventSome(ctx context.Context, tx *sql.Tx, v *inventor) error {
	if err := s.hurry(ctx, tx); err != nil {
		return err
	}
	columns := strings.Count(assessmentColumns, ",") + 1
	insert := `INSERT INTO assessments (` + assessmentColumns + `) VALUES `
	full, err := tx.PrepareContext(ctx, insert+places(rowsAtOnce, columns))
	if err != nil {
		return err
	}
	defer full.Close()
	log := `INSERT INTO changes (` + changeColumns + `) VALUES `
	for range statementsAtOnce {
		n := min(rowsAtOnce, v.in.Assessments-v.done)
		if n == 0 {
			return nil
		}
		args, logged := make([]any, 0, n*columns), make([]any, 0, n*8)
		var last time.Time
		for range n {
			a, err := v.assessment()
			if err != nil {
				return err
			}
			logged = append(logged, int64(0), millis(a.ChangedAt), a.SiteID, a.ResidentID, care.KindAssessment, a.ID, care.ActAssessDone, a.Version)
			last = a.ChangedAt
			values, err := s.assessmentValues(a)
			if err != nil {
				return err
			}
			args = append(args, values...)
		}
		if n == rowsAtOnce {
			_, err = full.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, insert+places(n, columns), args...)
		}
		if err == nil {
			err = numberRows(ctx, tx, care.Act{At: last}, logged, 8)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, log+places(n, 8), logged...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// numberRows gives the next numbers of the log to rows of it, which lie one after the other with their number first.
func numberRows(ctx context.Context, tx *sql.Tx, act care.Act, values []any, columns int) error {
	n, last := int64(len(values)/columns), int64(0)
	if _, err := takeSeq(ctx, tx, act, n, &last); err != nil {
		return err
	}
	for i := range n {
		values[i*int64(columns)] = last - n + 1 + i
	}
	return nil
}

// assessment makes the next one, a little later than the one before.
func (v *inventor) assessment() (*care.Assessment, error) {
	const year = 365 * 24 * time.Hour
	at := v.in.Now.Add(-year + time.Duration(float64(year)*float64(v.done)/float64(v.in.Assessments)))
	v.done++
	h := &v.homes[0]
	if v.owed += v.share; v.owed >= 1 || len(v.homes) == 1 {
		v.owed--
		who := h.residents[v.next%len(h.residents)]
		v.next++
		return inventAssessment(v.in.Scale, h.site, who, at, v.dice)
	}
	h = &v.homes[1+v.dice.IntN(len(v.homes)-1)]
	return inventAssessment(v.in.Scale, h.site, h.residents[v.dice.IntN(len(h.residents))], at, v.dice)
}

// hurry lets a transaction of invented records take more memory, and be lost with the power.
func (s *Store) hurry(ctx context.Context, tx *sql.Tx) error {
	if _, lite := s.back.(*sqlite); !lite {
		_, err := tx.ExecContext(ctx, `SET LOCAL synchronous_commit = off`)
		return err
	}
	for _, pragma := range []string{`PRAGMA cache_size = -1000000`, `PRAGMA wal_autocheckpoint = 50000`} { // KiB; pages
		if _, err := tx.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	return nil
}

// inventAssessment makes a confirmed assessment; one in three was made with the camera.
func inventAssessment(scale *pain.Scale, site, resident string, at time.Time, dice *rand.Rand) (*care.Assessment, error) {
	answers := pain.Answers{}
	for _, item := range scale.Items {
		answers[item.ID] = item.Options[dice.IntN(len(item.Options))].Value
	}
	condition := care.AtRest
	if dice.IntN(3) == 0 {
		condition = care.InMovement
	}
	act := care.Act{By: care.Actor{ID: "invented", Name: "Nobody"}, At: at}
	a, err := care.NewAssessment(care.Assessment{ResidentID: resident, SiteID: site, Condition: condition, AssessedAt: at}, nil, scale, care.Filling{Answers: answers}, act)
	if err != nil {
		return nil, err
	}
	if a.ID, err = idAt(at); err != nil {
		return nil, err
	}
	if dice.IntN(3) == 0 {
		a.Observation, a.Method = inventedObservation, care.ByCamera
	}
	return a, a.Confirm(care.Filling{}, scale, act)
}

// inventedObservation has the size of a real one.
var inventedObservation = json.RawMessage(`{"state":"assessed","assessed_ms":10000,"pspi_p95":3.1,"score_p95":2.9,"units":"` + strings.Repeat("AU4 0.31 2.2;", 60) + `"}`)

// idAt returns an identifier as it would have been made at a time (RFC 9562, section 5.7), so that ids and times go together.
func idAt(at time.Time) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return id.String(), nil
}

// places returns the placeholders of some rows of values.
func places(rows, columns int) string {
	var b strings.Builder
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for k := range columns {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(i*columns + k + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}
