package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// Limits of an import: what one organisation has, and no more than a person can look through.
const (
	maxImport     = 8 << 20 // bytes
	maxImportRows = 10_000
	importTimeout = 2 * time.Minute
)

// ImportOutcome says what becomes of a row.
type ImportOutcome string

// The outcomes.
const (
	RowAdded     ImportOutcome = "added"
	RowChanged   ImportOutcome = "changed"
	RowUnchanged ImportOutcome = "unchanged"
	RowFailed    ImportOutcome = "error"
)

// ImportedRow is what becomes, or became, of a row.
type ImportedRow struct {
	Row        int           `json:"row"` // line of the table, counted with the head; or entry of the Bundle; from 1
	ExternalID string        `json:"external_id"`
	ResidentID string        `json:"resident_id,omitempty"` // where there is one already, or one was added
	Outcome    ImportOutcome `json:"outcome"`
	Column     string        `json:"column,omitempty"` // at fault; of a Patient the path
	Error      string        `json:"error,omitempty"`  // a sentence
}

// ImportReport is what an import does, or would do.
type ImportReport struct {
	Committed bool          `json:"committed"` // false for a dry run, and where a row was wrong: then nothing was changed
	Added     int           `json:"added"`
	Changed   int           `json:"changed"`
	Unchanged int           `json:"unchanged"`
	Errors    int           `json:"errors"`
	Rows      []ImportedRow `json:"rows"`
}

// importRoutes are the addresses where many residents come in at once.
func (s *Server) importRoutes() []route {
	return group("Residents",
		row(http.MethodPost, "/residents/import", care.ChangeResidents, s.importResidents, doc{about: "Import residents from a table or a FHIR Bundle",
			more: "`text/csv`, or `application/fhir+json` with a Bundle of Patients. A dry run unless `commit` is true. Residents are found again by `external_id`, so that sending " +
				"the same again changes nothing. Where any row is wrong nothing is changed. Consent is never imported.",
			query: []param{{"commit", "true: do it", ""}, {"site_id", "of rows that name none", ""}, {"encoding", "utf-8 (where left out) or windows-1252", ""}},
			takes: media("text/csv"), sample: "external_id;given_name;family_name;room\n4711;Dora;Elm;12\n", gives: ImportReport{}, fails: []care.Code{codeMediaType}}),
	)
}

// importResidents reads a file of residents, says what would become of each row and, where that is asked for and no row is wrong, does it.
func (s *Server) importResidents(c *gin.Context) {
	commit, rows, err := s.readImport(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	failed := func(err error) {
		s.log.ErrorContext(c.Request.Context(), "import of a row failed", "request", requestID(c), "error", err)
	}
	in := importer{store: s.opt.Store, scope: scope(c), site: c.Query("site_id"), act: s.act(c), failed: failed}
	c.JSON(http.StatusOK, in.run(c.Request.Context(), rows, commit))
}

func (r *ImportReport) add(x ImportedRow) {
	switch x.Outcome {
	case RowAdded:
		r.Added++
	case RowChanged:
		r.Changed++
	case RowUnchanged:
		r.Unchanged++
	case RowFailed:
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
	switch {
	case mediaType(c, "text/csv") == nil:
		rows, err = readTable(body, c.Query("encoding"))
		return commit, rows, err
	case mediaType(c, fhirContent) == nil:
		rows, err = readPatients(body, s.externalSystem())
		return commit, rows, err
	}
	return false, nil, edge(codeMediaType, "Send residents as text/csv, or as application/fhir+json.")
}
