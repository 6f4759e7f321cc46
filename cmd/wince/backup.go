package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newBackupCmd() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write all records as they are now to a file",
		Long: `Backup writes all records as they are at one moment to a new file and verifies it. A server may run meanwhile. The file is a
SQLite database, also where the records are in PostgreSQL, and restores into either.

Names and other personal texts in it are sealed: without the key file of the data folder nobody reads them, you neither. Copy
that file once, and after each rotation, to a place apart from the backups.`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			check, err := s.Backup(c.Context(), args[0])
			if err != nil {
				return err
			}
			if err := s.RecordBackup(c.Context(), commandAct(c), check); err != nil {
				return fmt.Errorf("%s is made and verified, but that could not be recorded: %w", args[0], err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: verified, the trail ends at %d:%s\n", args[0], check.LastSeq, check.LastHash)
			return err
		},
	}
	databaseFlags(c, &file)
	return c
}

func newRestoreCmd() *cobra.Command {
	var file string
	var replace bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put the records of a backup in the place of those that are there",
		Long: `Restore verifies a backup and puts its records in the place of all that are there, in one transaction. A server may run
meanwhile; everybody has to sign in again. Put the key file that belongs to the backup into the data folder first.`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			s, err := openDatabase(c, file, true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			check, err := s.Restore(c.Context(), commandAct(c), args[0], replace)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "restored; the backup's trail ends at %d:%s\n", check.LastSeq, check.LastHash)
			return err
		},
	}
	databaseFlags(c, &file)
	c.Flags().BoolVar(&replace, "replace", false, "replace the records that are there")
	return c
}
