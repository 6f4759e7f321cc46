package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wince/care"
	"wince/store"
)

func newAuditCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "The trail of who changed and saw what",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAuditVerifyCmd(), newAuditExportCmd(), newAuditPruneCmd())
	return c
}

func newAuditVerifyCmd() *cobra.Command {
	var file, export string
	var seen []string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Find the first row of the trail that was altered, removed or moved",
		Long: `Verify walks the whole chain. It prints the place and hash of the last row: noted down elsewhere, for example once a week on
paper, and given again with --seen, they prove that the trail up to there is the same, even to somebody who distrusts whoever
has the key file.

With --export it verifies a file that wince audit export wrote, without a database and without a key.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			want, err := parseSeen(seen)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			var check care.AuditCheck
			if export != "" {
				check, err = verifyExport(export, want)
			} else {
				check, err = verifyDatabase(c, file, want)
			}
			if err != nil {
				return err
			}
			if check.Problem != "" {
				row := "row " + strconv.FormatInt(check.Seq, 10)
				if check.ID != "" {
					row += " (" + check.ID + ")"
				}
				return fmt.Errorf("the trail does not hold: %s: %s; %d rows before it do", row, check.Problem, check.Rows)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "the trail holds: %d rows, the last is %d:%s\n", check.Rows, check.LastSeq, check.LastHash)
			return err
		},
	}
	databaseFlags(c, &file)
	c.Flags().StringVar(&export, "export", "", "verify this `FILE` instead of the database")
	c.Flags().StringArrayVar(&seen, "seen", nil, "`PLACE:HASH` of a row noted earlier, which must be the same; may be given again")
	return c
}

// parseSeen reads places and hashes that were noted earlier.
func parseSeen(list []string) (map[int64]string, error) {
	want := map[int64]string{}
	for _, text := range list {
		place, hash, ok := strings.Cut(text, ":")
		seq, err := strconv.ParseInt(place, 10, 64)
		if !ok || err != nil || len(hash) != 64 {
			return nil, fmt.Errorf("--seen is %q: give PLACE:HASH as wince audit verify printed it", text)
		}
		want[seq] = hash
	}
	return want, nil
}

func verifyDatabase(c *cobra.Command, file string, want map[int64]string) (check care.AuditCheck, err error) {
	s, err := openDatabase(c, file, false)
	if err != nil {
		return check, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if check, err = s.VerifyAudit(c.Context()); err != nil {
		return check, err
	}
	if err := s.RecordVerification(c.Context(), time.Now(), check); err != nil {
		return check, fmt.Errorf("the trail was read, but that could not be noted: %w", err)
	}
	if check.Problem != "" {
		return check, nil
	}
	return check, compareSeen(c.Context(), s, want, &check)
}

func compareSeen(ctx context.Context, s *store.Store, want map[int64]string, check *care.AuditCheck) error {
	for seq, hash := range want {
		list, err := s.Audit(ctx, care.AuditQuery{After: seq - 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].Seq != seq || list[0].Hash != hash {
			check.Seq, check.Problem = seq, "it is not the row that was noted earlier"
			return nil
		}
	}
	return nil
}

// The lines of an export.
type auditLine struct {
	Type string `json:"type"` // "chain" in the first, "event" in the others
	*care.AuditChain
	*care.AuditEvent
}

// verifyExport verifies an exported trail.
func verifyExport(path string, want map[int64]string) (care.AuditCheck, error) {
	var check care.AuditCheck
	f, err := os.Open(path)
	if err != nil {
		return check, fmt.Errorf("read the export: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var chain care.AuditChain
	walk, n := care.ChainWalk{}, 0
	for ; lines.Scan(); n++ {
		var l auditLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return check, fmt.Errorf("read the export: line %d is not of an export: %w", n+1, err)
		}
		switch {
		case n == 0 && l.Type == "chain" && l.AuditChain != nil:
			chain = *l.AuditChain
			walk = care.ChainWalk{Seq: chain.BaseSeq, Hash: chain.BaseHash}
			continue
		case n == 0 || l.Type != "event" || l.AuditEvent == nil:
			return check, fmt.Errorf("read the export: line %d is not of an export", n+1)
		}
		problem := walk.Next(l.AuditEvent)
		if hash, ok := want[l.Seq]; problem == "" && ok && hash != l.Hash {
			problem = "it is not the row that was noted earlier"
		}
		if problem != "" {
			check.Seq, check.ID, check.Problem = walk.Seq, l.ID, problem
			return check, nil
		}
		delete(want, l.Seq)
		check.Rows++
	}
	if err := lines.Err(); err != nil {
		return check, fmt.Errorf("read the export: %w", err)
	}
	check.LastSeq, check.LastHash = walk.Seq, walk.Hash
	switch {
	case n == 0:
		return check, errors.New("read the export: the file is empty")
	case walk.Seq != chain.LastSeq || walk.Hash != chain.LastHash:
		check.Seq, check.Problem = walk.Seq+1, "rows are missing at the end"
	}
	for seq := range want {
		check.Seq, check.Problem = seq, "the row that was noted earlier is not there"
	}
	return check, nil
}

func newAuditExportCmd() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print the trail as JSON lines",
		Long: `Export prints the chain's ends on the first line and one event on each line after it, oldest first, as they are at one moment.
Residents are named by their ids, staff by name.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			out := bufio.NewWriter(c.OutOrStdout())
			lines := json.NewEncoder(out)
			lines.SetEscapeHTML(false)
			err = s.ExportAudit(c.Context(),
				func(chain care.AuditChain) error { return lines.Encode(auditLine{Type: "chain", AuditChain: &chain}) },
				func(e *care.AuditEvent) error { return lines.Encode(auditLine{Type: "event", AuditEvent: e}) })
			return errors.Join(err, out.Flush())
		},
	}
	databaseFlags(c, &file)
	return c
}

func newAuditPruneCmd() *cobra.Command {
	var file, before string
	c := &cobra.Command{
		Use:   "prune --before DATE",
		Short: "Remove the beginning of the trail after its time of retention",
		Long: `Prune removes the events before a date from the beginning of the trail. What is left verifies as before, and the trail says
what was removed. Export it first where the law wants it kept elsewhere.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			t, err := time.Parse(time.DateOnly, before)
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--before is %q: give a date such as 2020-01-31", before)}
			}
			if t.After(time.Now()) {
				return &exitError{exitUsage, fmt.Errorf("--before is %s, which is in the future", before)}
			}
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			n, err := s.PruneAudit(c.Context(), commandAct(c), t)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "removed %d events before %s\n", n, before)
			return err
		},
	}
	databaseFlags(c, &file)
	c.Flags().StringVar(&before, "before", "", "remove what is older than this `DATE`, such as 2020-01-31 (UTC)")
	return c
}
