package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wince/web"
)

func newImportCmd() *cobra.Command {
	var file string
	var how web.Import
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Bring in residents from a table or a FHIR Bundle",
		Long: `Import reads residents from a CSV table, or from a FHIR R4 Bundle of Patients, and says what would become of each. With --apply
it does it, unless a row is wrong: then nothing is changed. - reads standard input. It may run while the server does.

A table's first line names its columns: external_id, and any of name, given_name, family_name, room, birth_date (1938-04-27 or
27.4.1938), sex, language and site_id. Comma, semicolon and tab separate; the text is UTF-8 unless --encoding says windows-1252.
Patients are found by the identifier of fhir.identifier_system (--config).

Residents are found again by external_id, the care platform's own id: importing the same again changes nothing. Columns that a
table does not have stay as they are in Wince. Consent is never imported: people are asked. Programs do the same over HTTP
with POST /api/v1/residents/import.`,
		Example: `  wince import --data /var/lib/wince residents.csv            # a dry run: look at what it says
  wince import --data /var/lib/wince residents.csv --apply`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			cfg, err := loadConfig(file, c.Flags())
			if err != nil {
				return &exitError{exitUsage, err}
			}
			how.ExternalSystem = cfg.FHIR.IdentifierSystem
			in := c.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("read the residents: %w", err)
				}
				defer f.Close()
				in = f
			}
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			report, err := web.ImportResidents(c.Context(), s, commandAct(c), in, how)
			if err != nil {
				return err
			}
			if err := tellImport(c.OutOrStdout(), report); err != nil {
				return err
			}
			if report.Errors > 0 {
				return fmt.Errorf("nothing was changed: correct the rows above and import the file again")
			}
			return nil
		},
	}
	databaseFlags(c, &file)
	c.Flags().BoolVar(&how.Commit, "apply", false, "do it; without this it is a dry run")
	c.Flags().StringVar(&how.Site, "site", "", "`ID` of the site of residents whose row names none")
	c.Flags().StringVar(&how.Encoding, "encoding", "", "of a table: utf-8 (where left out) or windows-1252")
	return c
}

// tellImport says what becomes of a file, row by row where there is something to tell. Names are not repeated.
func tellImport(out io.Writer, r *web.ImportReport) error {
	for _, x := range r.Rows {
		var err error
		switch {
		case x.Outcome == web.RowFailed && x.Column != "":
			_, err = fmt.Fprintf(out, "row %d, %s: %s\n", x.Row, x.Column, x.Error)
		case x.Outcome == web.RowFailed:
			_, err = fmt.Fprintf(out, "row %d: %s\n", x.Row, x.Error)
		case x.Outcome != web.RowUnchanged:
			_, err = fmt.Fprintf(out, "row %d, %s: %s\n", x.Row, x.ExternalID, x.Outcome)
		}
		if err != nil {
			return err
		}
	}
	words := "would be added, %d changed, %d stay as they are, %d rows are wrong; --apply does it\n"
	switch {
	case r.Committed:
		words = "added, %d changed, %d stay as they are, %d rows are wrong\n"
	case r.Errors > 0:
		words = "would be added, %d changed, %d stay as they are, %d rows are wrong\n"
	}
	_, err := fmt.Fprintf(out, "%d "+words, r.Added, r.Changed, r.Unchanged, r.Errors)
	return err
}
