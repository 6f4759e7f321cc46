// Package store keeps the records of package care in a database. Today that is SQLite in one file; the SQL keeps to what
// PostgreSQL reads too, and one conformance suite says what either must do.
//
// Every change is one transaction that also writes the audit row which says who made it. When a method returns without an
// error, the change is on the disk.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"wince/care"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps records in one database. It is safe for concurrent use.
type Store struct {
	db   *sql.DB
	path string
}

// FileName is the database's name in the data folder.
const FileName = "wince.db"

// Open opens or makes the database in a data folder and brings its schema up to date. The errors are sentences that say
// what to do: the folder cannot be written, a newer program wrote the database, the file is no database.
//
// Write-ahead logging lets readers go on while a change is written; synchronous=FULL makes each commit wait for the disk,
// because an assessment that was acknowledged must survive a power cut.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := writable(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	// SQLite gives its other files the rights of the first, which are the owner's alone.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, &care.Error{Code: care.StorageReadOnly, Err: err, Text: "The database " + path + " cannot be written: make it writable for this user, or name another folder with --data DIR."}
	}
	q := url.Values{
		"_journal_mode": {"WAL"}, "_foreign_keys": {"on"}, "_busy_timeout": {"5000"}, "_synchronous": {"FULL"},
		"_txlock": {"immediate"}, // take the write lock at the start, so that two writers queue instead of failing at the end
	}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	s := &Store{db: db, path: path}
	if err := s.migrate(ctx); err != nil {
		db.Close()
		return nil, s.sentence(err)
	}
	return s, nil
}

// Close waits for running queries and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	return s.sentence(s.db.QueryRowContext(ctx, `SELECT 1 FROM users UNION SELECT 1`).Scan(&n))
}

// writable makes the data folder where it is missing, readable by its owner alone, and tries to write in it.
func writable(dir string) error {
	refuse := func(err error) error {
		return &care.Error{Code: care.StorageReadOnly, Err: err, Text: fmt.Sprintf(
			"The data folder %s cannot be written: make it writable for this user, or name another with --data DIR.", dir)}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return refuse(err)
	}
	f, err := os.CreateTemp(dir, ".write-test-*")
	if err != nil {
		if errors.Is(err, syscall.ENOSPC) {
			return &care.Error{Code: care.StorageFull, Err: err, Text: "The disk of the data folder " + dir + " is full: free some space and start again."}
		}
		return refuse(err)
	}
	name := f.Name()
	return errors.Join(f.Close(), os.Remove(name))
}

// migrate brings the schema up to date and refuses one that it does not know.
func (s *Store) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return &care.Error{Code: care.StorageNewer, Text: fmt.Sprintf(
			"The database %s was written by a newer Wince (schema %d, this program knows %d): start the newer program, or put back the copy made before it ran.",
			s.path, have, want)}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// sentence turns the database's failures into errors of package care; those of package care pass through.
func (s *Store) sentence(err error) error {
	var known *care.Error
	var lite sqlite3.Error
	switch {
	case err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return &care.Error{Code: care.NotFound, Text: "There is no such record."}
	case errors.As(err, &lite):
		switch lite.Code {
		case sqlite3.ErrFull:
			return &care.Error{Code: care.StorageFull, Err: err, Text: "The server's disk is full, nothing was saved: ask whoever runs the server to free some space, then try again."}
		case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
			return &care.Error{Code: care.StorageReadOnly, Err: err, Text: "The server cannot write its database, nothing was saved: ask whoever runs the server to make the data folder writable."}
		case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
			return &care.Error{Code: care.Storage, Err: err, Text: "The file " + s.path + " is not a database that Wince can read: put back a copy, or move it away to start afresh."}
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			return &care.Error{Code: care.Storage, Err: err, Text: "The database is busy: try again in a moment, and see that no second Wince uses the same data folder."}
		}
		if lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return &care.Error{Code: care.Conflict, Err: err, Text: "There is such a record already."}
		}
	}
	return &care.Error{Code: care.Storage, Err: err, Text: "The server could not read or write its database: try again, and tell whoever runs the server if it stays so."}
}

// change runs do in one transaction and adds the audit row to it.
func (s *Store) change(ctx context.Context, act care.Act, audit func() care.AuditEvent, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := do(tx); err != nil {
		return s.sentence(err)
	}
	if err := addAudit(ctx, tx, act, audit()); err != nil {
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func momentOrNil(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	t := moment(ms.Int64)
	return &t
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
