package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"wince/care"
)

// FileName is the SQLite database's name in the data folder.
const FileName = "wince.db"

// sqlite is a database in one file.
type sqlite struct{ path string }

// openSQLite opens or makes the database in a file.
//
// Write-ahead logging lets readers go on while a change is written; synchronous=FULL makes each commit wait for the disk,
// because an assessment that was acknowledged must survive a power cut.
func openSQLite(path string) (*sql.DB, backend, error) {
	// SQLite gives its other files the rights of the first, which are the owner's alone.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, nil, &care.Error{Code: care.StorageReadOnly, Err: err, Text: "The database " + path + " cannot be written: make it writable for this user, or name another folder with --data DIR."}
	}
	q := url.Values{
		"_journal_mode": {"WAL"}, "_foreign_keys": {"on"}, "_busy_timeout": {"5000"}, "_synchronous": {"FULL"},
		"_secure_delete": {"on"},        // what is erased is overwritten
		"_txlock":        {"immediate"}, // take the write lock at the start, so that two writers queue instead of failing at the end
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	db := sql.OpenDB(liteConnector{dsn: dsn, turn: make(chan struct{}, 1)})
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	db.SetConnMaxIdleTime(time.Minute) // what a rush has opened, two files and a cache each, is closed after it
	return db, &sqlite{path: path}, nil
}

func (*sqlite) dialect() goose.Dialect              { return goose.DialectSQLite3 }
func (*sqlite) options() []goose.ProviderOption     { return nil }
func (l *sqlite) place() string                     { return l.path }
func (*sqlite) sending() (string, bool)             { return "", true }
func (*sqlite) lock(context.Context, *sql.Tx) error { return nil } // _txlock=immediate took it

func (l *sqlite) explain(err error) *care.Error {
	var lite sqlite3.Error
	if !errors.As(err, &lite) {
		return nil
	}
	switch lite.Code {
	case sqlite3.ErrFull:
		return full(err)
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrCantOpen:
		return readOnly(err)
	case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
		return &care.Error{Code: care.Storage, Err: err, Text: "The file " + l.path + " is not a database that Wince can read: put back a copy, or move it away to start afresh."}
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return &care.Error{Code: care.Storage, Err: err, Text: "The database is busy: try again in a moment, and see that no second Wince uses the same data folder."}
	}
	if lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
		return exists(err)
	}
	return nil
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

// liteConnector opens connections that understand PostgreSQL's placeholders, so that each query is written once, and that take turns
// with their changes.
type liteConnector struct {
	dsn  string
	turn chan struct{} // holds the one that changes; who waits is served in order
}

func (c liteConnector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c liteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	lite, ok := conn.(*sqlite3.SQLiteConn)
	if !ok {
		conn.Close()
		return nil, errors.New("the SQLite driver gave an unknown kind of connection")
	}
	return &liteConn{SQLiteConn: lite, turn: c.turn}, nil
}

// liteConn rewrites $1 to ?1. SQLite takes $1 for a name and numbers names in the order in which it meets them.
type liteConn struct {
	*sqlite3.SQLiteConn
	turn chan struct{}
}

// BeginTx starts a transaction. One that only reads takes no lock, which the driver would take for it too. One that changes waits for
// its turn: SQLite lets whoever asks at the right moment go first, and who is unlucky for five seconds fails.
func (c *liteConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.ReadOnly {
		if _, err := c.SQLiteConn.ExecContext(ctx, `BEGIN DEFERRED`, nil); err != nil {
			return nil, err
		}
		return &liteTx{conn: c.SQLiteConn}, nil
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	tx, err := c.SQLiteConn.BeginTx(ctx, opts)
	if err != nil {
		<-c.turn
		return nil, err
	}
	return &liteTx{conn: c.SQLiteConn, change: tx, turn: c.turn}, nil
}

// liteTx is a transaction that ends its turn when it ends.
type liteTx struct {
	conn   *sqlite3.SQLiteConn
	change driver.Tx // nil where it only reads
	turn   chan struct{}
}

func (t *liteTx) Commit() error {
	if t.change == nil {
		return t.Rollback() // nothing was written
	}
	defer func() { <-t.turn }()
	return t.change.Commit()
}

func (t *liteTx) Rollback() error {
	if t.change == nil {
		_, err := t.conn.ExecContext(context.Background(), `ROLLBACK`, nil)
		return err
	}
	defer func() { <-t.turn }()
	return t.change.Rollback()
}

var dollar = regexp.MustCompile(`\$([0-9])`)

func numbered(query string) string { return dollar.ReplaceAllString(query, "?$1") }

func (c *liteConn) Prepare(query string) (driver.Stmt, error) {
	return c.SQLiteConn.Prepare(numbered(query))
}

func (c *liteConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.SQLiteConn.PrepareContext(ctx, numbered(query))
}

func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.SQLiteConn.ExecContext(ctx, numbered(query), args)
}

func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.SQLiteConn.QueryContext(ctx, numbered(query), args)
}
