package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newKeysCmd() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "The key that personal texts are sealed with",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKeysRotateCmd())
	return c
}

func newKeysRotateCmd() *cobra.Command {
	var file string
	var forget bool
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new key and seal everything anew with it",
		Long: `Rotate makes a new key in the key file of the data folder and seals all personal texts anew with it, in one transaction. A
server may run meanwhile. Copy the key file afterwards, and keep the copy apart from the backups.

The old keys stay in the file and open the backups made before. --forget removes them: do that when the file may have been
seen by others, after making a new backup.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			id, err := s.RotateKey(c.Context(), commandAct(c), forget)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "sealed anew with the key %s\n", id)
			return err
		},
	}
	databaseFlags(c, &file)
	c.Flags().BoolVar(&forget, "forget", false, "remove the old keys from the file; backups made before cannot be read any more")
	return c
}
