package store

import (
	"context"
	"time"

	"wince/care"
)

// ErasedSince returns the ids of residents of some sites whose identity was erased from a time on.
func (s *Store) ErasedSince(ctx context.Context, scope care.Scope, since time.Time) ([]string, error) {
	in, args := inScope("site_id", scope, []any{millis(since)})
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM residents WHERE erased_at >= $1 AND `+in+` ORDER BY id`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	ids := []string{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, s.sentence(err)
		}
		ids = append(ids, id)
	}
	return ids, s.sentence(rows.Err())
}
