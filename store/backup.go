package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"wince/care"
)

// A backup is a SQLite file with all records as they were at one moment, whatever database they come from and go to. Personal
// texts in it are sealed, so it is worth nothing without the key file, which is kept elsewhere.

// Backup writes a backup to a file that does not exist yet. Changes go on meanwhile. The backup is read and its chain verified
// before the file gets its name; the answer is what that found.
func (s *Store) Backup(ctx context.Context, path string) (check care.AuditCheck, err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return check, &care.Error{Code: care.Conflict, Err: err, Text: "There is a file " + path + " already: name another, so that no backup is lost."}
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".wince-backup-*") // readable by its owner alone
	if err != nil {
		return check, fmt.Errorf("make backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tmp := filepath.Join(dir, FileName)
	if s.back.dialect() == goose.DialectSQLite3 {
		_, err = s.db.ExecContext(ctx, `VACUUM INTO $1`, tmp)
		err = s.sentence(err)
	} else {
		err = s.copyTo(ctx, tmp)
	}
	if err != nil {
		return check, err
	}
	if check, err = s.checkBackup(ctx, tmp); err != nil {
		return check, err
	}
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return check, fmt.Errorf("make backup: %w", err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return check, fmt.Errorf("make backup: %w", err)
	}
	if err := os.Link(tmp, path); err != nil { // unlike a renaming it replaces nothing
		return check, fmt.Errorf("make backup: %w", err)
	}
	return check, nil
}

// copyTo writes all records as they are at one moment to a new SQLite file.
func (s *Store) copyTo(ctx context.Context, path string) (err error) {
	to, err := s.openBackup(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return s.snapshot(ctx, func(q queryer) error {
		tx, err := to.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		tables, err := tablesOf(ctx, tx)
		if err != nil {
			return err
		}
		if err := replaceRows(ctx, q, tx, tables); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// openBackup opens a backup as a store with the same keys.
func (s *Store) openBackup(ctx context.Context, path string) (*Store, error) {
	b := &Store{keys: &keyring{path: s.keys.path}}
	if err := b.keys.load(); err != nil {
		return nil, err
	}
	var err error
	if b.db, b.back, err = openSQLite(path); err != nil {
		return nil, err
	}
	if err := b.ready(ctx); err != nil {
		return nil, errors.Join(err, b.db.Close())
	}
	return b, nil
}

// checkBackup opens a backup and looks whether it is sound and its chain holds.
func (s *Store) checkBackup(ctx context.Context, path string) (check care.AuditCheck, err error) {
	b, err := s.openBackup(ctx, path)
	if err != nil {
		return check, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return b.checkSound(ctx)
}

func (s *Store) checkSound(ctx context.Context) (check care.AuditCheck, err error) {
	var said string
	if err := s.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return check, s.sentence(err)
	}
	if said != "ok" {
		return check, &care.Error{Code: care.Storage, Text: "The backup is damaged: take another.", Err: errors.New(said)}
	}
	if check, err = s.VerifyAudit(ctx); err != nil {
		return check, err
	}
	if check.Problem != "" {
		return check, &care.Error{Code: care.Storage, Text: fmt.Sprintf("The audit chain does not hold at row %d: %s. wince audit verify looks at the database itself.", check.Seq, check.Problem)}
	}
	return check, nil
}

// Restore puts the records of a backup in the place of all that are there, in one transaction: whoever reads meanwhile sees the
// old ones or the new ones. A backup of an older schema is brought up to date in a copy. Everybody has to sign in again,
// because sign-ins that ended since would be valid again. Without replace it refuses where somebody can sign in already.
func (s *Store) Restore(ctx context.Context, act care.Act, path string, replace bool) (check care.AuditCheck, err error) {
	if has, err := s.HasUsers(ctx); err != nil || (has && !replace) {
		if err == nil {
			err = &care.Error{Code: care.Conflict, Text: "There are records already, which restoring would replace: make a backup of them, then say --replace."}
		}
		return check, err
	}
	dir, err := os.MkdirTemp(filepath.Dir(s.keys.path), ".wince-restore-*")
	if err != nil {
		return check, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tmp := filepath.Join(dir, FileName)
	if err := copyFile(tmp, path); err != nil {
		return check, fmt.Errorf("read the backup: %w", err)
	}
	b, err := s.openBackup(ctx, tmp)
	if err != nil {
		return check, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if check, err = b.checkSound(ctx); err != nil {
		return check, err
	}
	detail, err := json.Marshal(map[string]any{"seq": check.LastSeq, "hash": check.LastHash})
	if err != nil {
		return check, fmt.Errorf("write audit detail: %w", err)
	}
	tx, err := s.begin(ctx)
	if err != nil {
		return check, s.sentence(err)
	}
	defer tx.Rollback()
	err = b.snapshot(ctx, func(q queryer) error {
		tables, err := tablesOf(ctx, q)
		if err != nil {
			return err
		}
		return replaceRows(ctx, q, tx, tables)
	})
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM logins`)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM client_tokens`)
	}
	if err == nil {
		err = s.useKey(ctx, tx)
	}
	if err == nil {
		err = s.addAudit(ctx, tx, act, care.AuditEvent{Action: care.ActRestore, Entity: "backup", Detail: detail})
	}
	if err == nil {
		err = tx.Commit()
	}
	return check, s.sentence(err)
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// backupTable is a table and what copying it needs to know.
type backupTable struct {
	name    string
	columns []string
	key     []string // of its primary key
}

// tablesOf lists the tables of a SQLite database, each after those that its rows refer to.
func tablesOf(ctx context.Context, q queryer) ([]backupTable, error) {
	names, err := texts(ctx, q, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'goose_db_version' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	refers := map[string][]string{}
	for _, name := range names {
		if refers[name], err = texts(ctx, q, `SELECT DISTINCT "table" FROM pragma_foreign_key_list($1) WHERE "table" <> $1`, name); err != nil {
			return nil, err
		}
	}
	var tables []backupTable
	placed := map[string]bool{}
	for len(tables) < len(names) {
		before := len(tables)
		for _, name := range names {
			if placed[name] || !all(refers[name], placed) {
				continue
			}
			t := backupTable{name: name}
			if t.columns, err = texts(ctx, q, `SELECT name FROM pragma_table_info($1) ORDER BY cid`, name); err != nil {
				return nil, err
			}
			if t.key, err = texts(ctx, q, `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, name); err != nil {
				return nil, err
			}
			tables, placed[name] = append(tables, t), true
		}
		if len(tables) == before {
			return nil, errors.New("list tables: some refer to each other in a circle")
		}
	}
	return tables, nil
}

func all(names []string, in map[string]bool) bool {
	for _, n := range names {
		if !in[n] {
			return false
		}
	}
	return true
}

func texts(ctx context.Context, q queryer, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// replaceRows empties the tables of one database and fills them with the rows of another of the same schema.
func replaceRows(ctx context.Context, from queryer, to *sql.Tx, tables []backupTable) error {
	for i := len(tables) - 1; i >= 0; i-- {
		if _, err := to.ExecContext(ctx, `DELETE FROM `+tables[i].name); err != nil {
			return fmt.Errorf("empty table %s: %w", tables[i].name, err)
		}
	}
	for _, t := range tables {
		if err := t.copy(ctx, from, to); err != nil {
			return fmt.Errorf("copy table %s: %w", t.name, err)
		}
	}
	return nil
}

func (t backupTable) copy(ctx context.Context, from queryer, to *sql.Tx) error {
	rows, err := from.QueryContext(ctx, t.read())
	if err != nil {
		return err
	}
	defer rows.Close()
	list, places := strings.Join(t.columns, ", "), make([]string, len(t.columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	add, err := to.PrepareContext(ctx, `INSERT INTO `+t.name+` (`+list+`) VALUES (`+strings.Join(places, ", ")+`)`)
	if err != nil {
		return err
	}
	defer add.Close()
	values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if _, err := add.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// read is the query of all rows, in the order of the primary key.
func (t backupTable) read() string {
	q := `SELECT ` + strings.Join(t.columns, ", ") + ` FROM ` + t.name
	if len(t.key) > 0 {
		q += ` ORDER BY ` + strings.Join(t.key, ", ")
	}
	return q
}
