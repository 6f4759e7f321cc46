package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"wince/care"
	"wince/web/fhir"
)

// ImportStore keeps the residents that an import brings.
type ImportStore interface {
	ResidentByExternalID(ctx context.Context, externalID string) (*care.Resident, error)
	AddResident(ctx context.Context, act care.Act, r *care.Resident) error
	ChangeResident(ctx context.Context, act care.Act, id string, version int, edit func(*care.Resident) error) (*care.Resident, error)
	Site(ctx context.Context, id string) (*care.Site, error)
}

// Import says how a file of residents is read. The zero value is a dry run.
type Import struct {
	Encoding       string // of a table: utf-8, or windows-1252
	Site           string // of residents whose row names none; empty for the usual one
	ExternalSystem string // by which a Bundle's identifiers are found; empty for our own name of it
	Commit         bool   // do it, where no row is wrong
}

// ImportResidents reads a file of residents, a table or a FHIR Bundle of Patients, says what would become of each row and, where that is asked for and
// no row is wrong, does it. It may do so for all sites. The error is about the whole file, or the store's.
func ImportResidents(ctx context.Context, st ImportStore, act care.Act, file io.Reader, how Import) (*ImportReport, error) {
	if how.ExternalSystem == "" {
		how.ExternalSystem = fhir.ExternalIDSystem
	}
	in := bufio.NewReader(io.LimitReader(file, maxImport+1))
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	counted := &countingReader{from: in}
	var rows []importRow
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		rows, err = readPatients(counted, how.ExternalSystem)
	} else {
		rows, err = readTable(counted, how.Encoding)
	}
	if counted.n > maxImport {
		err = badFile("The file is larger than 8 MB: send it in parts.")
	}
	if err != nil {
		return nil, err
	}
	var failed error
	i := importer{store: st, scope: care.Scope{All: true}, site: how.Site, act: act, failed: func(err error) { failed = errors.Join(failed, err) }}
	report := i.run(ctx, rows, how.Commit)
	if failed != nil {
		return nil, fmt.Errorf("import residents: %w", failed)
	}
	return report, nil
}

// countingReader counts what is read through it.
type countingReader struct {
	from io.Reader
	n    int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.n += int64(n)
	return n, err
}

// readTable reads all rows of a table.
func readTable(from io.Reader, encoding string) (rows []importRow, err error) {
	in, err := utf8Reader(from, encoding)
	if err == nil {
		err = eachCSV(in, allRows(&rows))
	}
	return rows, err
}

// readPatients reads all Patients of a Bundle.
func readPatients(from io.Reader, system string) (rows []importRow, err error) {
	err = eachPatient(from, system, allRows(&rows))
	return rows, err
}

func allRows(rows *[]importRow) func(importRow) error {
	return func(r importRow) error {
		if len(*rows) == maxImportRows {
			return badFile("The file has more than 10,000 residents: send it in parts.")
		}
		*rows = append(*rows, r)
		return nil
	}
}

// importer puts rows into a store.
type importer struct {
	store  ImportStore
	scope  care.Scope
	site   string
	act    care.Act
	failed func(error) // is told of the server's own failures
}

// run says what would become of each row and, with commit and where no row is wrong, does it.
func (i *importer) run(ctx context.Context, rows []importRow, commit bool) *ImportReport {
	report := &ImportReport{Rows: []ImportedRow{}}
	seen := map[string]bool{}
	for _, r := range rows {
		report.add(i.row(ctx, r, seen, false))
	}
	if !commit || report.Errors > 0 {
		return report
	}
	done := &ImportReport{Committed: true, Rows: []ImportedRow{}}
	clear(seen)
	for _, r := range rows {
		done.add(i.row(ctx, r, seen, true))
	}
	return done
}

// row says what becomes of a row, and with do does it.
func (i *importer) row(ctx context.Context, in importRow, seen map[string]bool, do bool) ImportedRow {
	out := ImportedRow{Row: in.row, ExternalID: in.external}
	err := in.err
	if err == nil && seen[in.external] {
		err = &care.Error{Code: care.Conflict, Field: "external_id", Text: "A row before has this external_id: leave one of them out."}
	}
	seen[in.external] = true
	if err == nil {
		out.Outcome, out.ResidentID, err = i.one(ctx, in, do)
	}
	if err != nil {
		out.Outcome, out.ResidentID = RowFailed, ""
		out.Column, out.Error = i.wrong(err)
	}
	return out
}

func (i *importer) one(ctx context.Context, in importRow, do bool) (ImportOutcome, string, error) {
	old, err := i.store.ResidentByExternalID(ctx, in.external)
	if isCode(err, care.NotFound) {
		return i.add(ctx, in, do)
	}
	if err != nil {
		return "", "", err
	}
	if !i.scope.Has(old.SiteID) {
		return "", "", &care.Error{Code: care.Conflict, Field: "external_id", Text: "A resident of another site has this external id: correct the id, or ask for that site."}
	}
	merge := func(r *care.Resident) error {
		in.into(r)
		if in.site != "" {
			var err error
			if r.SiteID, err = i.scope.Choose(in.site); err != nil {
				return err
			}
		}
		return r.Check(i.act.At)
	}
	now := *old
	if err := merge(&now); err != nil {
		return "", "", err
	}
	if now.SameAs(old) {
		return RowUnchanged, old.ID, nil
	}
	if do {
		if _, err := i.store.ChangeResident(ctx, i.act, old.ID, old.Version, merge); err != nil {
			return "", "", err
		}
	}
	return RowChanged, old.ID, nil
}

// add adds a resident. Nobody has been asked for consent yet.
func (i *importer) add(ctx context.Context, in importRow, do bool) (ImportOutcome, string, error) {
	r := &care.Resident{ExternalID: in.external, Consent: care.ConsentUnknown, CreatedAt: care.Stamp(i.act.At), Version: 1}
	in.into(r)
	err := r.Check(i.act.At)
	if err == nil {
		site := in.site
		if site == "" {
			site = i.site
		}
		r.SiteID, err = i.scope.Choose(site)
	}
	if err == nil {
		_, err = i.store.Site(ctx, r.SiteID)
		if isCode(err, care.NotFound) {
			err = &care.Error{Code: care.Invalid, Field: "site_id", Text: "There is no such site, or it is not one of yours."}
		}
	}
	if err != nil || !do {
		return RowAdded, "", err
	}
	return RowAdded, r.ID, i.store.AddResident(ctx, i.act, r)
}

// wrong returns the column at fault and the sentence for a row. What is the server's own failure is logged and told as such.
func (i *importer) wrong(err error) (column, text string) {
	var known *care.Error
	var issues fhir.Issues
	switch {
	case errors.As(err, &issues) && len(issues) > 0:
		return issues[0].Path, issues[0].Text
	case errors.As(err, &known):
		return known.Field, known.Text
	}
	i.failed(err)
	return "", internalErrorDetail
}
