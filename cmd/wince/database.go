package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"wince/care"
	"wince/store"
)

// databaseFlags are those of the commands that work on the records without a server.
func databaseFlags(c *cobra.Command, file *string) {
	d := defaultConfig()
	c.Flags().StringVar(file, "config", "", "configuration `FILE` (YAML)")
	c.Flags().String("data", d.Data, "`DIR` of the database and the key file")
	c.Flags().String("database", d.Database, "`URL` of a PostgreSQL database; without one, SQLite in the data folder")
}

// openDatabase opens the records that a server with the same configuration serves, also while it does. A folder without a
// database is refused, unless fresh says that one may be made: a misspelt folder is no empty home.
func openDatabase(c *cobra.Command, file string, fresh bool) (*store.Store, error) {
	cfg, err := loadConfig(file, c.Flags())
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	if !fresh && cfg.Database == "" {
		path := filepath.Join(cfg.Data, store.FileName)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database %s: name the server's data folder with --data DIR, or its --config FILE", path)
		}
	}
	return store.Open(c.Context(), store.Config{Dir: cfg.Data, URL: cfg.Database})
}

// commandAct is the act of a command: the trail names the program and the command.
func commandAct(c *cobra.Command) care.Act {
	return care.Act{By: care.Program, At: time.Now(), Request: c.CommandPath()}
}
