package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wince/care"
)

// chainHead is the state of the audit chain: its end, where it begins after retention, and the key in use.
type chainHead struct {
	seq, baseSeq   int64
	hash, baseHash string
	keyID          string
	seal           string
}

const headQuery = `SELECT seq, hash, base_seq, base_hash, key_id, seal FROM audit_head`

func scanHead(row *sql.Row) (h chainHead, err error) {
	err = row.Scan(&h.seq, &h.hash, &h.baseSeq, &h.baseHash, &h.keyID, &h.seal)
	return h, err
}

// text is what the seal is a keyed hash of.
func (h *chainHead) text() string {
	return care.Netstrings(strconv.FormatInt(h.seq, 10), h.hash, strconv.FormatInt(h.baseSeq, 10), h.baseHash)
}

// keep writes the head, sealed with the key that it names.
func (h *chainHead) keep(ctx context.Context, tx *sql.Tx, k *key) (err error) {
	h.keyID = k.id
	if h.seal, err = k.hash("audit_head", h.text()); err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `UPDATE audit_head SET seq = $1, hash = $2, base_seq = $3, base_hash = $4, key_id = $5, seal = $6`,
		h.seq, h.hash, h.baseSeq, h.baseHash, h.keyID, h.seal)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, errors.New("keep the head of the audit chain: the database has no such row"))
	}
	return nil
}

// VerifyAudit walks the whole chain and says what it found. The error is about reading; a chain that does not hold is a
// result, not an error.
func (s *Store) VerifyAudit(ctx context.Context) (check care.AuditCheck, err error) {
	err = s.snapshot(ctx, func(q queryer) error { return s.verifyAudit(ctx, q, &check) })
	return check, err
}

func (s *Store) verifyAudit(ctx context.Context, q queryer, check *care.AuditCheck) error {
	head, err := scanHead(q.QueryRowContext(ctx, headQuery))
	if errors.Is(err, sql.ErrNoRows) {
		check.Problem = "the chain's head is missing"
		return nil
	}
	if err != nil {
		return err
	}
	k, err := s.keys.find(head.keyID)
	if err != nil {
		return err
	}
	seal, err := k.hash("audit_head", head.text())
	if err != nil {
		return err
	}
	walk := care.ChainWalk{Seq: head.baseSeq, Hash: head.baseHash}
	err = s.eachAudit(ctx, q, `WHERE seq IS NULL OR seq > $1 ORDER BY seq`, []any{head.baseSeq}, func(e *care.AuditEvent, nameErr error) error {
		problem := walk.Next(e)
		if problem == "" && nameErr != nil {
			problem = "the name in it was altered"
		}
		if problem == "" {
			check.Rows++
			return nil
		}
		check.Seq, check.ID, check.Problem = walk.Seq, e.ID, problem
		return errStop
	})
	if err != nil && !errors.Is(err, errStop) {
		return err
	}
	check.LastSeq, check.LastHash = head.seq, head.hash
	switch {
	case check.Problem != "":
	case walk.Seq < head.seq:
		check.Seq, check.Problem = walk.Seq+1, fmt.Sprintf("rows are missing at the end: the chain's head is at %d", head.seq)
	case walk.Seq > head.seq || walk.Hash != head.hash:
		check.Seq, check.Problem = head.seq, "the chain's head does not belong to its last row"
	case seal != head.seal:
		check.Seq, check.Problem = head.seq, "the chain's head was not written by a program that has the key"
	}
	return nil
}

var errStop = errors.New("stop reading")

// eachAudit calls do with each row of a query over the audit table, and with what went wrong when the name in it was opened.
func (s *Store) eachAudit(ctx context.Context, q queryer, where string, args []any, do func(*care.AuditEvent, error) error) error {
	rows, err := q.QueryContext(ctx, `SELECT id, seq, at, by_id, by_name, action, entity, entity_id, version, request_id, detail, hash FROM audit `+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e care.AuditEvent
		var seq sql.NullInt64
		var at int64
		var name, detail string
		if err := rows.Scan(&e.ID, &seq, &at, &e.By.ID, &name, &e.Action, &e.Entity, &e.EntityID, &e.Version, &e.Request, &detail, &e.Hash); err != nil {
			return err
		}
		e.Seq, e.At = seq.Int64, moment(at)
		if detail != "" {
			e.Detail = []byte(detail)
		}
		var nameErr error
		e.By.Name, nameErr = s.keys.open(place("audit", "by_name", e.ID), name)
		if err := do(&e, nameErr); err != nil {
			return err
		}
	}
	return rows.Err()
}

// chainFirst brings a database from before the chain into it: rows get their places and hashes, personal texts are sealed. It
// is a step of the migrations, in their transaction.
func (s *Store) chainFirst(ctx context.Context, tx *sql.Tx) error {
	id, err := s.keys.newest()
	if err != nil {
		return err
	}
	if err := s.keys.use(id); err != nil {
		return err
	}
	k := s.keys.now()
	for _, name := range []string{"residents.name", "residents.room", "residents.external_id", "assessments.remarks", "assessments.created_by_name",
		"assessments.changed_by_name", "assessments.confirmed_by_name", "sessions.opened_by_name", "users.name", "audit.by_name"} {
		table, column, _ := strings.Cut(name, ".")
		c, err := sealedColumnOf(table, column)
		if err != nil {
			return err
		}
		if err := c.rewrite(ctx, tx, k, func(_, text string) (string, error) { return text, nil }); err != nil {
			return err
		}
	}
	head := chainHead{}
	var list []*care.AuditEvent
	if err := s.eachAudit(ctx, tx, `ORDER BY id`, nil, func(e *care.AuditEvent, nameErr error) error {
		list = append(list, e)
		return nameErr
	}); err != nil {
		return err
	}
	for _, e := range list {
		head.seq++
		e.Seq = head.seq
		e.Hash = e.ChainHash(head.hash)
		head.hash = e.Hash
		if _, err := tx.ExecContext(ctx, `UPDATE audit SET seq = $1, hash = $2 WHERE id = $3`, e.Seq, head.hash, e.ID); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_head (id, seq, hash, base_seq, base_hash, key_id, seal) VALUES (1, 0, '', 0, '', '', '')`); err != nil {
		return err
	}
	return head.keep(ctx, tx, k)
}

// rewrite seals all texts of the column anew; open gives the plain text of what stands in a row now.
func (c sealedColumn) rewrite(ctx context.Context, tx *sql.Tx, k *key, open func(place, text string) (string, error)) error {
	const batch = 500
	last := ""
	for {
		ids, texts, err := c.page(ctx, tx, last, batch)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if err := c.rewriteOne(ctx, tx, k, id, texts[i], open); err != nil {
				return err
			}
		}
		if len(ids) < batch {
			return nil
		}
		last = ids[len(ids)-1]
	}
}

// page reads some texts of the column that are not empty, from the row after one with the id last.
func (c sealedColumn) page(ctx context.Context, tx *sql.Tx, last string, limit int) (ids, texts []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, `+c.column+` FROM `+c.table+` WHERE id > $1 AND `+c.column+` <> '' ORDER BY id LIMIT $2`, last, limit)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, nil, err
		}
		ids, texts = append(ids, id), append(texts, text)
	}
	return ids, texts, rows.Err()
}

func (c sealedColumn) rewriteOne(ctx context.Context, tx *sql.Tx, k *key, id, text string, open func(place, text string) (string, error)) error {
	plain, err := open(place(c.table, c.column, id), text)
	if err != nil {
		return err
	}
	sealed, err := k.seal(place(c.table, c.column, id), plain)
	if err != nil {
		return err
	}
	set, args := c.column+` = $1`, []any{sealed, id}
	if c.lookup != "" {
		hash, err := c.hash(k, plain)
		if err != nil {
			return err
		}
		set, args = set+`, `+c.lookup+` = $3`, append(args, hash)
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+c.table+` SET `+set+` WHERE id = $2`, args...)
	return err
}
