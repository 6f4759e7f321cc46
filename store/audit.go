package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"wince/care"
)

// addAudit adds an event to the end of the audit chain.
func (s *Store) addAudit(ctx context.Context, tx *sql.Tx, act care.Act, e care.AuditEvent) error {
	if e.Version == 0 {
		e.Version = 1
	}
	e.ID, e.At, e.By, e.Request = care.NewID(), care.Stamp(act.At), act.By, act.Request
	head, err := scanHead(tx.QueryRowContext(ctx, headQuery))
	if err != nil {
		return err
	}
	e.Seq = head.seq + 1
	e.Hash = e.ChainHash(head.hash)
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (id, seq, at, by_id, by_name, action, entity, entity_id, version, request_id, detail, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.ID, e.Seq, millis(e.At), e.By.ID, s.seal("audit", "by_name", e.ID, e.By.Name), e.Action, e.Entity, e.EntityID, e.Version, e.Request,
		string(e.Detail), e.Hash); err != nil {
		return err
	}
	head.seq, head.hash = e.Seq, e.Hash
	return head.keep(ctx, tx, s.keys.now())
}

// Seen records that somebody was shown records. Whoever shows them calls it first: what cannot be recorded is not shown.
func (s *Store) Seen(ctx context.Context, act care.Act, e care.AuditEvent) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return s.sentence(err)
	}
	defer tx.Rollback()
	if err := s.addAudit(ctx, tx, act, e); err != nil { // nothing changes: the log of changes is left alone
		return s.sentence(err)
	}
	return s.sentence(tx.Commit())
}

// Audit returns events, oldest first.
func (s *Store) Audit(ctx context.Context, q care.AuditQuery) ([]care.AuditEvent, error) {
	list := []care.AuditEvent{}
	where, args := `WHERE seq > $1 ORDER BY seq LIMIT $2`, []any{q.After, q.Limit}
	if q.EntityID != "" {
		where, args = `WHERE entity_id = $3 AND seq > $1 ORDER BY seq LIMIT $2`, append(args, q.EntityID)
	}
	err := s.eachAudit(ctx, s.db, where, args, func(e *care.AuditEvent, nameErr error) error {
		list = append(list, *e)
		return nameErr
	})
	return list, s.sentence(err)
}

// ExportAudit calls begin with the chain's ends and then write with every event, oldest first, as they were at one moment.
func (s *Store) ExportAudit(ctx context.Context, begin func(care.AuditChain) error, write func(*care.AuditEvent) error) error {
	return s.snapshot(ctx, func(q queryer) error {
		h, err := scanHead(q.QueryRowContext(ctx, headQuery))
		if err == nil {
			err = begin(care.AuditChain{BaseSeq: h.baseSeq, BaseHash: h.baseHash, LastSeq: h.seq, LastHash: h.hash})
		}
		if err != nil {
			return err
		}
		return s.eachAudit(ctx, q, `ORDER BY seq`, nil, func(e *care.AuditEvent, _ error) error { return write(e) })
	})
}

// PruneAudit removes the beginning of the trail, up to the first event that is not older than a time, and returns how many
// events that were. The chain's head keeps where the rest begins, so that it verifies as before.
func (s *Store) PruneAudit(ctx context.Context, act care.Act, before time.Time) (removed int64, err error) {
	tx, err := s.begin(ctx)
	if err != nil {
		return 0, s.sentence(err)
	}
	defer tx.Rollback()
	h, err := scanHead(tx.QueryRowContext(ctx, headQuery))
	if err != nil {
		return 0, s.sentence(err)
	}
	var first sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT min(seq) FROM audit WHERE at >= $1`, millis(before)).Scan(&first); err != nil {
		return 0, s.sentence(err)
	}
	last := h.seq
	if first.Valid {
		last = first.Int64 - 1
	}
	if removed = last - h.baseSeq; removed <= 0 {
		return 0, nil
	}
	detail, err := json.Marshal(map[string]any{"removed_to": last, "before": before.UTC().Format(time.RFC3339)})
	if err != nil {
		return 0, fmt.Errorf("write audit detail: %w", err)
	}
	if err := s.addAudit(ctx, tx, act, care.AuditEvent{Action: care.ActRetention, Entity: "audit", Detail: detail}); err != nil {
		return 0, s.sentence(err)
	}
	if h, err = scanHead(tx.QueryRowContext(ctx, headQuery)); err != nil {
		return 0, s.sentence(err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT hash FROM audit WHERE seq = $1`, last).Scan(&h.baseHash); err != nil {
		return 0, s.sentence(err)
	}
	h.baseSeq = last
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit WHERE seq <= $1`, last); err != nil {
		return 0, s.sentence(err)
	}
	if err := h.keep(ctx, tx, s.keys.now()); err != nil {
		return 0, s.sentence(err)
	}
	return removed, s.sentence(tx.Commit())
}
