package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wince/care"
	"wince/web"
)

func newInviteCmd() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "invite NAME",
		Short: "Let somebody choose a new password",
		Long: `Invite makes a link with which a member of staff chooses a new password, as when the only administrator has lost the old one.
It works once and for seven days, and it is written into the trail. Whoever may run this may read the data folder anyway.
While the server runs, administrators and managers do the same over its interface.`,
		Example: `  wince invite --data /var/lib/wince "Kim Example"`,
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) (err error) {
			s, err := openDatabase(c, file, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			u, _, err := s.UserByName(c.Context(), args[0])
			var known *care.Error
			switch {
			case errors.As(err, &known) && known.Code == care.NotFound:
				return fmt.Errorf("nobody signs in as %q here: check the name and the data folder", args[0])
			case err != nil:
				return err
			case u.DisabledAt != nil:
				return fmt.Errorf("the account of %s was closed: another administrator must open it again first", u.Name)
			}
			token, expires, err := web.Invite(c.Context(), s, commandAct(c), u.ID)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s chooses a new password at\n  %s/#/invited/%s\nonce, until %s.\n",
				u.Name, served(c), token, expires.Local().Format("2 January 15:04"))
			return err
		},
	}
	databaseFlags(c, &file)
	return c
}

// served is the address of the server that runs on the data folder, or words for it.
func served(c *cobra.Command) string {
	dir, err := c.Flags().GetString("data")
	if err == nil {
		var b []byte
		if b, err = os.ReadFile(filepath.Join(dir, "address")); err == nil {
			return "https://" + strings.TrimSpace(string(b))
		}
	}
	return "https://THE-SERVER"
}
