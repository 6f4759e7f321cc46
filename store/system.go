package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"

	"wince/care"
)

// The kinds of notes.
const (
	noteBackup   = "backup"
	noteVerified = "verified"
)

// RecordBackup notes that a backup was made, with an audit row: whoever runs the server sees when the last one was.
func (s *Store) RecordBackup(ctx context.Context, act care.Act, check care.AuditCheck) error {
	detail, err := json.Marshal(map[string]any{"seq": check.LastSeq, "hash": check.LastHash})
	if err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActBackup, Entity: "backup", Detail: detail}
	}
	return s.change(ctx, act, event, func(tx *sql.Tx) error {
		return note(ctx, tx, noteBackup, care.BackupNote{At: care.Stamp(act.At), Seq: check.LastSeq, Hash: check.LastHash}, act.At)
	})
}

// RecordVerification notes what a look at the whole trail found. It changes no record and has no audit row.
func (s *Store) RecordVerification(ctx context.Context, at time.Time, check care.AuditCheck) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	if err := note(ctx, tx, noteVerified, care.AuditNote{At: care.Stamp(at), LastSeq: check.LastSeq, Problem: check.Problem}, at); err != nil {
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

func note(ctx context.Context, tx *sql.Tx, name string, v any, at time.Time) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write note: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO system_notes (name, at, detail) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET at = excluded.at, detail = excluded.detail`,
		name, millis(at), string(b))
	return err
}

// noted reads a note; it leaves v alone where there is none.
func noted[T any](ctx context.Context, q queryer, name string) (*T, error) {
	var text string
	err := q.QueryRowContext(ctx, `SELECT detail FROM system_notes WHERE name = $1`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, fmt.Errorf("read note %s: %w", name, err)
	}
	return v, nil
}

// Storage says how the database stands.
func (s *Store) Storage(ctx context.Context) (*care.StorageState, error) {
	v := &care.StorageState{Kind: "postgresql"}
	size := `SELECT pg_database_size(current_database())`
	if s.back.dialect() == goose.DialectSQLite3 {
		v.Kind, size = "sqlite", `SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)`
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.keys.path), &disk); err == nil && disk.Bsize > 0 {
		size := int64(disk.Bsize) //nolint:unconvert // it is narrower on other systems
		free, total := int64(disk.Bavail)*size, int64(disk.Blocks)*size
		v.Free, v.Total = &free, &total
	}
	err := s.snapshot(ctx, func(q queryer) (err error) {
		if err := q.QueryRowContext(ctx, size).Scan(&v.Bytes); err != nil {
			return err
		}
		if v.Backup, err = noted[care.BackupNote](ctx, q, noteBackup); err != nil {
			return err
		}
		if v.Verified, err = noted[care.AuditNote](ctx, q, noteVerified); err != nil {
			return err
		}
		var last sql.NullInt64
		err = q.QueryRowContext(ctx, `SELECT at FROM audit WHERE seq = (SELECT seq FROM audit_head)`).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		v.Written = momentOrNil(last)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}
