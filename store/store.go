// Package store keeps the records of package care in a database: SQLite in one file of the data folder, or PostgreSQL on a
// server. Each query is written once and both read it; one conformance suite says what either must do.
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
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"

	"wince/care"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps records in one database. It is safe for concurrent use.
type Store struct {
	db   *sql.DB
	back backend
	keys *keyring

	changed bell
	sender  sender
}

// backend is what SQLite and PostgreSQL do differently.
type backend interface {
	dialect() goose.Dialect
	options() []goose.ProviderOption
	place() string                       // which database it is, for messages
	lock(context.Context, *sql.Tx) error // at the start of a change: no other is under way until it ends
	explain(err error) *care.Error       // nil where it does not know the failure
	sending() (ask string, alone bool)   // the query that asks for the right to tell webhooks; alone where there is one server anyway
}

// Config says where records are kept.
type Config struct {
	Dir string // data folder; holds the SQLite database and the key file
	URL string // of a PostgreSQL database; empty for SQLite
}

// Open opens or makes the database and brings its schema up to date. The errors are sentences that say what to do: the folder
// cannot be written, the server cannot be reached, a newer program wrote the database, the file is no database.
func Open(ctx context.Context, c Config) (_ *Store, err error) {
	if err := writable(c.Dir); err != nil {
		return nil, err
	}
	s := &Store{keys: &keyring{path: filepath.Join(c.Dir, KeyFileName)}}
	if c.URL == "" {
		s.db, s.back, err = openSQLite(filepath.Join(c.Dir, FileName))
	} else {
		s.db, s.back, err = openPostgres(c.URL)
	}
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// ready brings the schema up to date and finds the key.
func (s *Store) ready(ctx context.Context) error {
	err := s.migrate(ctx)
	if err == nil {
		err = s.useKey(ctx, s.db)
	}
	return s.sentence(err)
}

// Close waits for running queries and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	return s.sentence(s.db.QueryRowContext(ctx, `SELECT 1 FROM users UNION SELECT 1`).Scan(&n))
}

// chainVersion is the step of the migrations that is a program: see chainFirst.
const chainVersion = 11

// migrate brings the schema up to date and refuses one that it does not know.
func (s *Store) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(s.back.dialect(), s.db, dir, append(s.back.options(), goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(chainVersion, &goose.GoFunc{RunTx: s.chainFirst}, nil),
			goose.NewGoMigration(modelSetsVersion, &goose.GoFunc{RunTx: s.modelSetsFirst}, nil)))...)
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
			s.back.place(), have, want)}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// sentence turns the database's failures into errors of package care; those of package care pass through.
func (s *Store) sentence(err error) error {
	var known *care.Error
	switch {
	case err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return &care.Error{Code: care.NotFound, Text: "There is no such record."}
	}
	if e := s.back.explain(err); e != nil {
		return e
	}
	return &care.Error{Code: care.Storage, Err: err, Text: "The server could not read or write its database: try again, and tell whoever runs the server if it stays so."}
}

func full(err error) *care.Error {
	return &care.Error{Code: care.StorageFull, Err: err, Text: "The server's disk is full, nothing was saved: ask whoever runs the server to free some space, then try again."}
}

func readOnly(err error) *care.Error {
	return &care.Error{Code: care.StorageReadOnly, Err: err, Text: "The server cannot write its database, nothing was saved: ask whoever runs the server to make the data folder writable."}
}

func exists(err error) *care.Error {
	return &care.Error{Code: care.Conflict, Err: err, Text: "There is such a record already."}
}

// begin starts a transaction that changes records. Until it ends no other such transaction runs, so what it has read stays
// true; readers are not held up.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := s.back.lock(ctx, tx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	if err := s.useKey(ctx, tx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// useKey makes the key that the database is sealed with the current one. Another program may have rotated it.
func (s *Store) useKey(ctx context.Context, q queryer) error {
	var id string
	if err := q.QueryRowContext(ctx, `SELECT key_id FROM audit_head`).Scan(&id); err != nil {
		return err
	}
	return s.keys.use(id)
}

// change runs do in one transaction and adds the audit row to it, and the row of the log of changes.
func (s *Store) change(ctx context.Context, act care.Act, audit func() care.AuditEvent, do func(*sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := do(tx); err != nil {
		return s.sentence(err)
	}
	e := audit()
	if err := s.logChange(ctx, tx, act, e.Entity, e.EntityID, e.Action, e.Version); err != nil {
		return s.sentence(err)
	}
	if err := s.addAudit(ctx, tx, act, e); err != nil {
		return s.sentence(err)
	}
	if err := tx.Commit(); err != nil {
		return s.sentence(err)
	}
	s.changed.ring()
	return nil
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
