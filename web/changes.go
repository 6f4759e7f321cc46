package web

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type changeStore interface {
	Changes(ctx context.Context, q care.ChangeQuery) (*care.ChangePage, error)
	ChangesEnd(ctx context.Context) (care.ChangePosition, time.Time, error)
	Changed() <-chan struct{}
	Current(ctx context.Context, list []care.RecordChange) ([]care.Current, error)
}

func (s *Server) changeRoutes() []route {
	return group("Changes",
		row(http.MethodGet, "/changes", care.ReadChanges, s.listChanges, doc{about: "List what changed after a cursor",
			more: "The oldest change first, each record once and as it is now: begin without `after`, go on with `next` for as long as `more` is true, and come again later with the last `next`. " +
				"Nothing is missed, however many write at the same time. 410 `changes_gone` says that the server knows the cursor no more, as after a backup was put back: begin again.",
			query: []param{{"after", "the `next` of the page before; the beginning where left out", ""}, {"limit", "at most so many, to 500; 100 where left out", 0}, {"site_id", "only of this site", ""},
				{"resident_id", "only about this resident", ""}, {"entity", "only of these kinds, with commas between them: " + kindNames(), ""}, {"every", "every change, not only the newest of each record", false}},
			gives: changePart{}, fails: []care.Code{care.ChangesGone}, asks: "limit=10"}),
		row(http.MethodGet, "/changes/stream", care.ReadChanges, s.streamChanges, doc{about: "Follow changes as they are made",
			more: "Server-sent events of the type `changes`, each with a part of the log as above; its `id` is the cursor after it. Send the last one as `Last-Event-ID`, or as `after`, when you connect again: nothing is missed. " +
				"Without either the stream begins with what happens from now on. It ends with the sign-in or the token.",
			query: []param{{"after", "a cursor to begin after", ""}, {"site_id", "only of this site", ""}, {"resident_id", "only about this resident", ""},
				{"entity", "only of these kinds, with commas between them", ""}, {"every", "every change, not only the newest of each record", false}},
			gives: media("text/event-stream"), fails: []care.Code{care.ChangesGone, codeBusy}, sends: []string{"-N", "--max-time 2"}}),
	)
}

// kinds are the kinds of record whose changes are told, and what it takes to see each.
var kinds = map[string]care.Permission{
	care.KindSite: care.ReadSites, care.KindResident: care.ReadResidents, care.KindConsent: care.ReadResidents, care.KindBaseline: care.ReadResidents,
	care.KindAssessment: care.ReadAssessments, care.KindRelief: care.ReadRelief, care.KindSchedule: care.ReadRounds, care.KindPause: care.ReadRounds,
	care.KindEvent: care.ReadRounds, care.KindEscalation: care.ReadRounds,
}

// kindNames lists the kinds for a sentence.
func kindNames() string {
	names := make([]string, 0, len(kinds))
	for k := range kinds {
		names = append(names, k)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// mayKinds are the kinds of record that whoever asks may see, by name.
func mayKinds(c *gin.Context) []string {
	list := []string{}
	for k, p := range kinds {
		if may(c, p) == nil {
			list = append(list, k)
		}
	}
	slices.Sort(list)
	return list
}

// Pages of changes.
const (
	changesLength = 100
	maxChanges    = 500
)

// told is a change as the interface tells it, with the record as it is now.
type told struct {
	care.RecordChange
	Record any    `json:"record"`         // as its own address shows it; null where it is gone
	Gone   string `json:"gone,omitempty"` // why
}

// Why a record is not shown.
const (
	goneErased = "erased" // the identity of whom it was about
	goneMoved  = "moved"  // the resident, to a site that is not asked for
)

// changePart is a part of the log of changes.
type changePart struct {
	Changes []told `json:"changes"`
	Next    string `json:"next"` // as after, it gives what follows
	More    bool   `json:"more"` // there is more already
}

// listChanges answers with what changed after a cursor, each record once and as it is now.
func (s *Server) listChanges(c *gin.Context) {
	q, err := s.changeQuery(c)
	if err == nil {
		q.Limit, err = numberQuery(c, "limit", changesLength, 1, maxChanges)
	}
	var page *care.ChangePage
	list := []told{}
	if err == nil {
		page, err = s.opt.Store.Changes(c.Request.Context(), q)
	}
	if err == nil {
		list, err = s.tell(c.Request.Context(), q.Scope, page.Changes)
	}
	if err == nil {
		err = s.recordTold(c, page)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, changePart{list, cursorOf(page.Next), page.More})
}

// changeQuery reads which changes are asked for: those of one's sites, and of the kinds that one may see.
func (s *Server) changeQuery(c *gin.Context) (care.ChangeQuery, error) {
	q := care.ChangeQuery{Scope: scope(c), Entities: mayKinds(c), Newest: true}
	if len(q.Entities) == 0 {
		return q, edge(care.Forbidden, "Seeing changes needs the right to see what changes: ask for the right to see residents or assessments.")
	}
	var err error
	if q.After, err = readCursor(c.Query("after")); err != nil {
		return q, err
	}
	if site := c.Query("site_id"); site != "" {
		if _, err := q.Scope.Choose(site); err != nil {
			return q, err
		}
		if _, err := s.opt.Store.Site(c.Request.Context(), site); isCode(err, care.NotFound) {
			return q, &care.Error{Code: care.Invalid, Field: "site_id", Text: "There is no such site, or it is not one of yours."}
		} else if err != nil {
			return q, err
		}
		q.Scope = care.Scope{Sites: []string{site}}
	}
	if q.ResidentID = c.Query("resident_id"); q.ResidentID != "" && !care.ValidID(q.ResidentID) {
		return q, &care.Error{Code: care.Invalid, Field: "resident_id", Text: "resident_id must be a resident's id."}
	}
	if text := c.Query("every"); text != "" {
		every, err := strconv.ParseBool(text)
		if err != nil {
			return q, &care.Error{Code: care.Invalid, Field: "every", Text: "every must be true or false."}
		}
		q.Newest = !every
	}
	return q, onlyKinds(c, &q)
}

// onlyKinds restricts a query to the kinds that a request names.
func onlyKinds(c *gin.Context, q *care.ChangeQuery) error {
	var asked []string
	for _, text := range c.QueryArray("entity") {
		for name := range strings.SplitSeq(text, ",") {
			p, ok := kinds[name]
			if !ok {
				return &care.Error{Code: care.Invalid, Field: "entity", Text: "entity must be one of " + kindNames() + "."}
			}
			if !slices.Contains(q.Entities, name) {
				return edge(care.Forbidden, "Seeing changes of this kind needs the right "+string(p)+": leave "+name+" out, or ask for the right.")
			}
			asked = append(asked, name)
		}
	}
	if asked != nil {
		q.Entities = asked
	}
	return nil
}

// tell adds to changes what their records are now, as whoever sees some sites is shown them.
func (s *Server) tell(ctx context.Context, scope care.Scope, changes []care.RecordChange) ([]told, error) {
	now, err := s.opt.Store.Current(ctx, changes)
	if err != nil {
		return nil, err
	}
	list := make([]told, len(changes))
	for i := range changes {
		list[i] = s.tellOne(scope, &changes[i], &now[i])
	}
	return list, nil
}

// tellOne tells of one change.
func (s *Server) tellOne(scope care.Scope, c *care.RecordChange, now *care.Current) told {
	switch t := (told{RecordChange: *c}); {
	case !scope.Has(now.SiteID):
		t.Gone = goneMoved
		return t
	case now.Record == nil:
		t.Gone = goneErased
		return t
	default:
		t.Record = s.shown(now.Record)
		return t
	}
}

// baselineShown is a baseline without its numbers, which only measuring needs.
type baselineShown struct {
	care.Baseline
	Values any `json:"values,omitempty"` // hides the numbers
}

// shown is a record as its own address shows it.
func (s *Server) shown(record any) any {
	switch v := record.(type) {
	case *care.Resident:
		return v.At(s.opt.Now())
	case *care.Assessment:
		return v.Shown()
	case *care.Baseline:
		return baselineShown{Baseline: *v}
	}
	return record
}

// recordTold records that somebody was shown a page of changes. Asking whether there are any shows nothing, and programs do it all
// day.
func (s *Server) recordTold(c *gin.Context, page *care.ChangePage) error {
	if len(page.Changes) == 0 {
		return nil
	}
	e := care.AuditEvent{Action: string(care.ReadChanges), Entity: "change", EntityID: ""}
	if id := c.Query("resident_id"); id != "" {
		e.Entity, e.EntityID = care.KindResident, id
	}
	detail, err := json.Marshal(map[string]any{"address": "/changes", "first": page.Changes[0].Seq, "last": page.Changes[len(page.Changes)-1].Seq})
	if err != nil {
		return err
	}
	e.Detail = detail
	return s.opt.Store.Seen(c.Request.Context(), s.act(c), e)
}

// cursorOf writes a position in a form that nobody should look into.
func cursorOf(p care.ChangePosition) string {
	mark, err := hex.DecodeString(p.Mark)
	if err != nil {
		mark = nil // cannot happen: marks are hexadecimal
	}
	return base64.RawURLEncoding.EncodeToString(append(binary.AppendUvarint(nil, uint64(max(p.Seq, 0))), mark...))
}

var errCursor = &care.Error{Code: care.Invalid, Field: "after", Text: "The cursor must be one that the server gave as next: leave it out to begin at the beginning."}

// readCursor reads what cursorOf wrote; nothing is the beginning.
func readCursor(text string) (p care.ChangePosition, err error) {
	if text == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return p, errCursor
	}
	seq, n := binary.Uvarint(b)
	if n <= 0 || seq > 1<<62 || (len(b)-n != 8) != (seq == 0) || (seq == 0 && len(b) != n) {
		return p, errCursor
	}
	p = care.ChangePosition{Seq: int64(seq), Mark: hex.EncodeToString(b[n:])}
	if cursorOf(p) != text {
		return p, errCursor // one position has one cursor
	}
	return p, nil
}
