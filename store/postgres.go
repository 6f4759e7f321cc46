package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"wince/care"
)

// postgres is a database on a PostgreSQL server.
type postgres struct{ name string } // host and database, for messages: never the password

// isPostgres says whether a database is named by a URL of PostgreSQL.
func isPostgres(u string) bool {
	return strings.HasPrefix(u, "postgres://") || strings.HasPrefix(u, "postgresql://")
}

// openPostgres reads a URL; the first query connects. Whoever wants less than a commit on the disk says so in the URL.
func openPostgres(u string) (*sql.DB, backend, error) {
	if !isPostgres(u) {
		return nil, nil, &care.Error{Code: care.Storage, Text: "The database must be a URL such as postgres://user:password@host/wince, or be left out for SQLite in the data folder."}
	}
	c, err := pgx.ParseConfig(u)
	if err != nil {
		// The cause may hold the URL and with it the password.
		return nil, nil, &care.Error{Code: care.Storage, Text: "The database's URL cannot be read: write it like postgres://user:password@host/wince, with special letters of the password as %XX."}
	}
	for k, v := range map[string]string{"synchronous_commit": "on", "lock_timeout": "5000", "application_name": "wince"} {
		if _, given := c.RuntimeParams[k]; !given {
			c.RuntimeParams[k] = v
		}
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return db, &postgres{name: net.JoinHostPort(c.Host, "") + "/" + c.Database}, nil
}

func (*postgres) dialect() goose.Dialect { return goose.DialectPostgres }
func (p *postgres) place() string        { return p.name }

// options let one of several programs that start together bring the schema up to date while the others wait.
func (*postgres) options() []goose.ProviderOption {
	l, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil // it fails for wrong options only
	}
	return []goose.ProviderOption{goose.WithSessionLocker(l)}
}

// changeLock is the advisory lock of all that changes records: an arbitrary number of ours.
const changeLock = 0x77696e6365

// lock makes changes queue as they do in SQLite. The audit chain has one end, so two changes could not commit together anyway,
// and what a change has read stays true until it commits.
func (*postgres) lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(changeLock))
	return err
}

// sendingLock is the advisory lock of the server that tells webhooks.
const sendingLock = 0x77696e636f

func (*postgres) sending() (string, bool) {
	return fmt.Sprintf(`SELECT pg_try_advisory_lock(%d)`, int64(sendingLock)), false
}

func (p *postgres) explain(err error) *care.Error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var connect *pgconn.ConnectError
		var network *net.OpError
		if errors.As(err, &connect) || errors.As(err, &network) {
			return &care.Error{Code: care.Storage, Err: err, Text: "The database server cannot be reached: try again in a moment, and tell whoever runs the server if it stays so."}
		}
		return nil
	}
	switch e.Code { // https://www.postgresql.org/docs/15/errcodes-appendix.html
	case "23505":
		return exists(err)
	case "53100", "53200":
		return full(err)
	case "25006", "42501":
		return readOnly(err)
	case "40001", "40P01", "55P03":
		return &care.Error{Code: care.Storage, Err: err, Text: "The database is busy: try again in a moment."}
	case "22021", "22P05":
		return &care.Error{Code: care.Invalid, Err: err, Text: "A text holds a character that cannot be kept: remove it and try again."}
	}
	return nil
}
