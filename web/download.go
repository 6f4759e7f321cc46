package web

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
)

// downloadStore reads assessments page by page.
type downloadStore interface {
	AssessmentPage(ctx context.Context, q care.AssessmentPage) ([]care.Assessment, error)
	ScaleVersions(ctx context.Context, id string) ([]pain.Ref, error)
}

const (
	downloadPage    = 500
	downloadBuffer  = 64 << 10
	downloadTimeout = 30 * time.Second // for one buffer: who takes none for so long is gone
	downloadsAtOnce = 2                // each keeps a core busy; the others are asked to come again
)

// downloadRoutes are the addresses for who wants many records at once.
func (s *Server) downloadRoutes() []route {
	when := func(name, about string) param { return param{name, about, time.Time{}} }
	site := param{"site_id", "one site; all that one may see where left out", ""}
	return group("Assessments",
		row(http.MethodGet, "/assessments/export", care.ReadAssessments, s.download, doc{about: "Download assessments as a table",
			more: "All confirmed ones, a row each, with every item and action unit. It names nobody. The columns are told by `/assessments/export/columns`.",
			query: []param{{"format", "csv (where left out) or ndjson", ""}, when("since", "assessed from then on"), when("until", "assessed before"), site,
				{"status", "one or more of final, amended and entered_in_error, with commas between them; the first two where left out", ""},
				{"bom", "true: begin with a byte order mark, by which spreadsheets know UTF-8", ""}},
			gives: media("text/csv"), also: []media{"application/x-ndjson"}, fails: []care.Code{codeBusy}, asks: "since=2026-01-01T00:00:00Z"}),
		row(http.MethodGet, "/assessments/export/columns", care.ReadScales, s.downloadDictionary, doc{about: "Tell the columns of a download",
			query: []param{site}, gives: column{}, list: "columns"}),
	)
}

// downloadRequest is what to download.
type downloadRequest struct {
	sites        []string
	since, until time.Time
	statuses     []care.Status
	csv, bom     bool

	still func() error          // nil while whoever asks is still let in
	turn  func(do func()) error // does a piece of work when its turn comes
}

func (s *Server) readDownload(c *gin.Context) (*downloadRequest, error) {
	if byLocal(c) {
		return nil, edge(care.Forbidden, "The local token sees practice only, which is not downloaded: sign in as a person for this.")
	}
	in := &downloadRequest{statuses: []care.Status{care.Final, care.Amended}}
	var err error
	if in.since, err = timeQuery(c, "since", time.Time{}); err != nil {
		return nil, err
	}
	if in.until, err = timeQuery(c, "until", time.Time{}); err != nil {
		return nil, err
	}
	if !in.since.IsZero() && !in.until.IsZero() && !in.since.Before(in.until) {
		return nil, &care.Error{Code: care.Invalid, Field: "until", Text: "until must come after since."}
	}
	switch c.DefaultQuery("format", "csv") {
	case "csv":
		in.csv = true
	case "ndjson":
	default:
		return nil, &care.Error{Code: care.Invalid, Field: "format", Text: `The format must be "csv" or "ndjson".`}
	}
	switch c.DefaultQuery("bom", "false") {
	case "true":
		in.bom = in.csv
	case "false":
	default:
		return nil, &care.Error{Code: care.Invalid, Field: "bom", Text: `bom must be "true" or "false".`}
	}
	if text := c.Query("status"); text != "" {
		in.statuses = nil
		for _, word := range strings.Split(text, ",") {
			st := care.Status(word)
			if st != care.Final && st != care.Amended && st != care.EnteredInError {
				return nil, &care.Error{Code: care.Invalid, Field: "status", Text: "status must be one or more of final, amended and entered_in_error, with commas between them."}
			}
			in.statuses = append(in.statuses, st)
		}
	}
	in.sites, err = s.downloadSites(c)
	return in, err
}

// downloadSites returns the site that a request names, or all that whoever asks may see.
func (s *Server) downloadSites(c *gin.Context) ([]string, error) {
	if c.Query("site_id") != "" {
		site, err := s.ownSite(c)
		return []string{site}, err
	}
	list, err := s.opt.Store.Sites(c.Request.Context(), scope(c))
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	slices.Sort(ids)
	return ids, err
}

// download answers with all assessments of a time, one a row, as it reads them: memory does not grow with their number. It reads page
// by page and holds nothing in the database between two.
func (s *Server) download(c *gin.Context) {
	select {
	case s.downloads <- struct{}{}:
		defer func() { <-s.downloads }()
	default:
		s.fail(c, &retryError{edge(codeBusy, "Others are downloading at the moment: try again in a minute."), time.Minute})
		return
	}
	in, err := s.readDownload(c)
	var columns []column
	if err == nil {
		columns, err = s.downloadColumns(c.Request.Context(), in.sites)
	}
	var first []care.Assessment
	if err == nil && len(in.sites) > 0 { // what fails at all mostly fails here, while it can be said
		first, err = s.opt.Store.AssessmentPage(c.Request.Context(), in.page(in.sites[0]))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	kind, ext := "application/x-ndjson", "ndjson"
	if in.csv {
		kind, ext = "text/csv; charset=utf-8", "csv"
	}
	c.Header("Content-Type", kind)
	c.Header("Content-Disposition", `attachment; filename="assessments.`+ext+`"`)
	c.Status(http.StatusOK)
	w := newSteady(c.Writer)
	out := bufio.NewWriterSize(w, downloadBuffer)
	in.still, in.turn = s.stillMay(c), func(do func()) error { do(); return nil }
	if client(c) != nil { // behind people and live video, a page at a time
		in.turn = func(do func()) error { return s.lane.do(c.Request.Context(), do) }
	}
	if err = in.write(c.Request.Context(), s.opt.Store, out, columns, first); err == nil {
		err = out.Flush()
	}
	if err != nil {
		s.log.WarnContext(c.Request.Context(), "download cut", "request", requestID(c), "error", err)
		panic(http.ErrAbortHandler) // so that nobody takes the beginning for the whole
	}
}

func (in *downloadRequest) page(site string) care.AssessmentPage {
	return care.AssessmentPage{SiteID: site, Statuses: in.statuses, Since: in.since, Until: in.until, Limit: downloadPage}
}

// write writes the head and a row for each assessment.
func (in *downloadRequest) write(ctx context.Context, from downloadStore, out *bufio.Writer, columns []column, page []care.Assessment) error {
	if _, err := out.Write(in.head(columns)); err != nil {
		return err
	}
	var lines []byte
	for i, site := range in.sites {
		q := in.page(site)
		for n := 0; ; n++ {
			err := in.still()
			if err != nil {
				return err
			}
			late := in.turn(func() {
				if i > 0 || n > 0 {
					page, err = from.AssessmentPage(ctx, q)
				}
				if err == nil {
					lines, err = in.lines(lines[:0], columns, page)
				}
			})
			if err = cmp.Or(err, late); err != nil {
				return err
			}
			if _, err := out.Write(lines); err != nil {
				return err
			}
			if len(page) < q.Limit {
				break
			}
			last := &page[len(page)-1]
			q.After = care.Place{At: last.AssessedAt, ID: last.ID}
		}
	}
	return nil
}

// head is what comes before the rows.
func (in *downloadRequest) head(columns []column) (b []byte) {
	if !in.csv {
		return nil
	}
	if in.bom {
		b = append(b, "\uFEFF"...)
	}
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, columns[i].Name...)
	}
	return append(b, '\r', '\n')
}

// lines appends a row for each assessment of a page.
func (in *downloadRequest) lines(b []byte, columns []column, page []care.Assessment) ([]byte, error) {
	var cell []byte
	var row downloadRow
	var seen pain.Observation
	for k := range page {
		if err := row.read(page[k].Shown(), &seen); err != nil {
			return b, err
		}
		if in.csv {
			b, cell = appendCSV(b, cell, columns, &row)
		} else {
			b, cell = appendObject(b, cell, columns, &row)
		}
	}
	return b, nil
}

// appendCSV appends a line of CSV (RFC 4180). cell is room to work in.
func appendCSV(b, cell []byte, columns []column, r *downloadRow) (line, room []byte) {
	for i := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		if columns[i].Kind != "text" { // numbers and times hold nothing to guard against
			b = columns[i].add(b, r)
			continue
		}
		cell = columns[i].add(cell[:0], r)
		b = appendCell(b, cell)
	}
	return append(b, '\r', '\n'), cell
}

// appendCell appends a text. One that a spreadsheet would take for a formula gets an apostrophe before it, which spreadsheets do not
// show (OWASP, "CSV injection").
func appendCell(b, text []byte) []byte {
	guard := len(text) > 0 && strings.IndexByte("=+-@\t\r", text[0]) >= 0
	if !guard && !slices.ContainsFunc(text, func(c byte) bool { return c == ',' || c == '"' || c == '\r' || c == '\n' }) {
		return append(b, text...)
	}
	b = append(b, '"')
	if guard {
		b = append(b, '\'')
	}
	for _, c := range text {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// appendObject appends a line with a JSON object; what has no value is left out.
func appendObject(b, cell []byte, columns []column, r *downloadRow) (line, room []byte) {
	b = append(b, '{')
	first := true
	for i := range columns {
		if cell = columns[i].add(cell[:0], r); len(cell) == 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), columns[i].Name...), `":`...)
		if !columns[i].quoted() {
			b = append(b, cell...)
			continue
		}
		text, err := json.Marshal(string(cell))
		if err != nil { // cannot happen: a string
			text = []byte(`""`)
		}
		b = append(b, text...)
	}
	return append(b, '}', '\n'), cell
}

// downloadDictionary tells the columns of a download, what they mean and in which unit.
func (s *Server) downloadDictionary(c *gin.Context) {
	sites, err := s.downloadSites(c)
	var columns []column
	if err == nil {
		columns, err = s.downloadColumns(c.Request.Context(), sites)
	}
	s.list(c, "columns", columns, err)
}

// stillMay returns a function that says now and then whether whoever asks is still let in. An access token that expires meanwhile was
// good when it began.
func (s *Server) stillMay(c *gin.Context) func() error {
	token, asked := clientToken(c), s.opt.Now()
	return func() error {
		now := s.opt.Now()
		if hasMark(token, accessMark) || now.Sub(asked) < time.Minute {
			return c.Request.Context().Err()
		}
		asked = now
		if !s.stillIn(c.Request.Context(), token) {
			return edge(codeSignIn, "You were signed out meanwhile.")
		}
		return nil
	}
}

// steady is a response that may take long as a whole, but not for one write.
type steady struct {
	gin.ResponseWriter
	rc *http.ResponseController
}

func newSteady(w gin.ResponseWriter) *steady {
	rc := http.NewResponseController(w)
	// The server's timeouts are for whole requests; this one lasts. Where a writer knows no deadlines the server's hold.
	_ = rc.SetReadDeadline(time.Time{})
	return &steady{w, rc}
}

func (w *steady) Write(b []byte) (int, error) {
	_ = w.rc.SetWriteDeadline(time.Now().Add(downloadTimeout))
	return w.ResponseWriter.Write(b)
}
