package store

import (
	"context"
	"encoding/json"
	"fmt"

	"wince/care"
)

// RotateKey makes a new key and seals everything anew with it, in one transaction: a crash leaves the old state, which the key
// file still opens. Programs that use the database meanwhile wait with their changes and then find the new key in the file.
// The old keys stay in the file, for backups made before; with forget they are removed, and such backups are unreadable. It
// returns the new key's id.
func (s *Store) RotateKey(ctx context.Context, act care.Act, forget bool) (string, error) {
	id, err := s.keys.add()
	if err != nil {
		return "", err
	}
	k, err := s.keys.find(id)
	if err != nil {
		return "", err
	}
	detail, err := json.Marshal(map[string]string{"key": id})
	if err != nil {
		return "", fmt.Errorf("write audit detail: %w", err)
	}
	tx, err := s.begin(ctx)
	if err != nil {
		return "", s.sentence(err)
	}
	defer tx.Rollback()
	if err := s.addAudit(ctx, tx, act, care.AuditEvent{Action: care.ActKeysRotate, Entity: "key", Detail: detail}); err != nil {
		return "", s.sentence(err)
	}
	for _, c := range sealedColumns {
		if err := c.rewrite(ctx, tx, k, s.keys.open); err != nil {
			return "", s.sentence(fmt.Errorf("seal %s.%s anew: %w", c.table, c.column, err))
		}
	}
	head, err := scanHead(tx.QueryRowContext(ctx, headQuery))
	if err == nil {
		err = head.keep(ctx, tx, k)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return "", s.sentence(err)
	}
	if err := s.keys.use(id); err != nil {
		return "", err
	}
	if forget {
		return id, s.keys.keepOnly(id)
	}
	return id, nil
}
