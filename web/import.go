package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// Limits of an import: what one organisation has, and no more than a person can look through.
const (
	maxImport     = 8 << 20 // bytes
	maxImportRows = 10_000
	importTimeout = 2 * time.Minute
)

// importOutcome says what becomes of a row.
type importOutcome string

// The outcomes.
const (
	rowAdded     importOutcome = "added"
	rowChanged   importOutcome = "changed"
	rowUnchanged importOutcome = "unchanged"
	rowFailed    importOutcome = "error"
)

// importedRow is what becomes, or became, of a row.
type importedRow struct {
	Row        int           `json:"row"` // line of the table, counted with the head; or entry of the Bundle; from 1
	ExternalID string        `json:"external_id"`
	ResidentID string        `json:"resident_id,omitempty"` // where there is one already, or one was added
	Outcome    importOutcome `json:"outcome"`
	Column     string        `json:"column,omitempty"` // at fault; of a Patient the path
	Error      string        `json:"error,omitempty"`  // a sentence
}

// importReport is what an import does, or would do.
type importReport struct {
	Committed bool          `json:"committed"` // false for a dry run, and where a row was wrong: then nothing was changed
	Added     int           `json:"added"`
	Changed   int           `json:"changed"`
	Unchanged int           `json:"unchanged"`
	Errors    int           `json:"errors"`
	Rows      []importedRow `json:"rows"`
}

// importRoutes are the addresses where many residents come in at once.
func (s *Server) importRoutes() []route {
	return group("Residents",
		row(http.MethodPost, "/residents/import", care.ChangeResidents, s.importResidents, doc{about: "Import residents from a table or a FHIR Bundle",
			more: "`text/csv`, or `application/fhir+json` with a Bundle of Patients. A dry run unless `commit` is true. Residents are found again by `external_id`, so that sending " +
				"the same again changes nothing. Where any row is wrong nothing is changed. Consent is never imported.",
			query: []param{{"commit", "true: do it", ""}, {"site_id", "of rows that name none", ""}, {"encoding", "utf-8 (where left out) or windows-1252", ""}},
			takes: media("text/csv"), sample: "external_id;given_name;family_name;room\n4711;Dora;Elm;12\n", gives: importReport{}, fails: []care.Code{codeMediaType}}),
	)
}

// importResidents reads a file of residents, says what would become of each row and, where that is asked for and no row is wrong, does it.
func (s *Server) importResidents(c *gin.Context) {
	commit, rows, err := s.readImport(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	report := &importReport{Rows: []importedRow{}}
	seen := map[string]bool{}
	act := s.act(c)
	for _, r := range rows {
		report.add(s.importRow(c, act, r, seen, false))
	}
	if commit && report.Errors == 0 {
		done := &importReport{Committed: true, Rows: []importedRow{}}
		clear(seen)
		for _, r := range rows {
			done.add(s.importRow(c, act, r, seen, true))
		}
		report = done
	}
	c.JSON(http.StatusOK, report)
}

func (r *importReport) add(x importedRow) {
	switch x.Outcome {
	case rowAdded:
		r.Added++
	case rowChanged:
		r.Changed++
	case rowUnchanged:
		r.Unchanged++
	case rowFailed:
		r.Errors++
	}
	r.Rows = append(r.Rows, x)
}

// readImport reads the whole file, so that what is wrong at its end is known before anything is changed.
func (s *Server) readImport(c *gin.Context) (commit bool, rows []importRow, err error) {
	switch c.DefaultQuery("commit", "false") {
	case "true":
		commit = true
	case "false":
	default:
		return false, nil, &care.Error{Code: care.Invalid, Field: "commit", Text: `commit must be "true" or "false".`}
	}
	if a := client(c); a != nil { // POST asks for create alone
		if err := a.MayFHIR("Patient", care.OpCreate|care.OpUpdate); err != nil {
			return false, nil, err
		}
	}
	rc := http.NewResponseController(c.Writer)
	// Where a connection knows no deadlines the server's hold.
	_ = rc.SetReadDeadline(time.Now().Add(importTimeout))
	_ = rc.SetWriteDeadline(time.Now().Add(2 * importTimeout))
	body := http.MaxBytesReader(c.Writer, wholeBody(c), maxImport)
	tell := func(r importRow) error {
		if len(rows) == maxImportRows {
			return badFile("The file has more than 10,000 residents: send it in parts.")
		}
		rows = append(rows, r)
		return nil
	}
	switch {
	case mediaType(c, "text/csv") == nil:
		in, err := utf8Reader(body, c.Query("encoding"))
		if err == nil {
			err = eachCSV(in, tell)
		}
		return commit, rows, err
	case mediaType(c, fhirContent) == nil:
		return commit, rows, eachPatient(body, s.externalSystem(), tell)
	}
	return false, nil, edge(codeMediaType, "Send residents as text/csv, or as application/fhir+json.")
}

// importRow says what becomes of a row, and with do does it.
func (s *Server) importRow(c *gin.Context, act care.Act, in importRow, seen map[string]bool, do bool) importedRow {
	out := importedRow{Row: in.row, ExternalID: in.external}
	err := in.err
	if err == nil && seen[in.external] {
		err = &care.Error{Code: care.Conflict, Field: "external_id", Text: "A row before has this external_id: leave one of them out."}
	}
	seen[in.external] = true
	if err == nil {
		out.Outcome, out.ResidentID, err = s.importOne(c, act, in, do)
	}
	if err != nil {
		out.Outcome, out.ResidentID = rowFailed, ""
		out.Column, out.Error = s.importError(c, err)
	}
	return out
}

func (s *Server) importOne(c *gin.Context, act care.Act, in importRow, do bool) (importOutcome, string, error) {
	ctx := c.Request.Context()
	old, err := s.opt.Store.ResidentByExternalID(ctx, in.external)
	if isCode(err, care.NotFound) {
		return s.importNew(ctx, c, act, in, do)
	}
	if err != nil {
		return "", "", err
	}
	if !scope(c).Has(old.SiteID) {
		return "", "", &care.Error{Code: care.Conflict, Field: "external_id", Text: "A resident of another site has this external id: correct the id, or ask for that site."}
	}
	merge := func(r *care.Resident) error {
		in.into(r)
		if in.site != "" {
			var err error
			if r.SiteID, err = scope(c).Choose(in.site); err != nil {
				return err
			}
		}
		return r.Check(act.At)
	}
	now := *old
	if err := merge(&now); err != nil {
		return "", "", err
	}
	if now.SameAs(old) {
		return rowUnchanged, old.ID, nil
	}
	if do {
		if _, err := s.opt.Store.ChangeResident(ctx, act, old.ID, old.Version, merge); err != nil {
			return "", "", err
		}
	}
	return rowChanged, old.ID, nil
}

// importNew adds a resident. Nobody has been asked for consent yet.
func (s *Server) importNew(ctx context.Context, c *gin.Context, act care.Act, in importRow, do bool) (importOutcome, string, error) {
	r := &care.Resident{ExternalID: in.external, Consent: care.ConsentUnknown, CreatedAt: care.Stamp(act.At), Version: 1}
	in.into(r)
	err := r.Check(act.At)
	if err == nil {
		site := in.site
		if site == "" {
			site = c.Query("site_id")
		}
		r.SiteID, err = scope(c).Choose(site)
	}
	if err == nil {
		_, err = s.opt.Store.Site(ctx, r.SiteID)
		if isCode(err, care.NotFound) {
			err = &care.Error{Code: care.Invalid, Field: "site_id", Text: "There is no such site, or it is not one of yours."}
		}
	}
	if err != nil || !do {
		return rowAdded, "", err
	}
	return rowAdded, r.ID, s.opt.Store.AddResident(ctx, act, r)
}

// importError returns the column at fault and the sentence for a row. What is the server's own failure is logged and told as such.
func (s *Server) importError(c *gin.Context, err error) (column, text string) {
	var known *care.Error
	var issues fhir.Issues
	switch {
	case errors.As(err, &issues) && len(issues) > 0:
		return issues[0].Path, issues[0].Text
	case errors.As(err, &known):
		return known.Field, known.Text
	}
	s.log.ErrorContext(c.Request.Context(), "import of a row failed", "request", requestID(c), "error", err)
	return "", internalErrorDetail
}
