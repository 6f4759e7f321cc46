package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wince/care"
	"wince/pain"
)

// modelSetsVersion is the step of the migrations that is a program: see modelSetsFirst.
const modelSetsVersion = 81

// keepModelSet keeps what made an observation, with the first that it made.
func keepModelSet(ctx context.Context, tx *sql.Tx, observation json.RawMessage) error {
	if len(observation) == 0 {
		return nil
	}
	var set pain.ModelSet
	if err := json.Unmarshal(observation, &set); err != nil {
		return fmt.Errorf("read the models of an observation: %w", err)
	}
	body, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("write a set of models: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO model_sets (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, set.ID(), string(body))
	return err
}

// modelSetsFirst keeps the sets of the observations that a database from before has. It reads them in parts, because there may be
// millions, and holds no more than the sets.
func (s *Store) modelSetsFirst(ctx context.Context, tx *sql.Tx) error {
	const part = 5000
	seen := map[string]bool{}
	for after := ""; ; {
		list, last, err := observationsAfter(ctx, tx, after, part)
		if err != nil {
			return err
		}
		for _, o := range list {
			var set pain.ModelSet
			if err := json.Unmarshal([]byte(o), &set); err != nil {
				return fmt.Errorf("read the models of an observation: %w", err)
			}
			if id := set.ID(); !seen[id] {
				seen[id] = true
				if err := keepModelSet(ctx, tx, json.RawMessage(o)); err != nil {
					return err
				}
			}
		}
		if len(list) < part {
			return nil
		}
		after = last
	}
}

func observationsAfter(ctx context.Context, q queryer, after string, limit int) (list []string, last string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, observation FROM assessments WHERE id > $1 AND observation IS NOT NULL ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var o string
		if err := rows.Scan(&last, &o); err != nil {
			return nil, "", err
		}
		list = append(list, o)
	}
	return list, last, rows.Err()
}

// ModelSet returns what measured, by its id, or an error of code care.NotFound.
func (s *Store) ModelSet(ctx context.Context, id string) (*pain.ModelSet, error) {
	list, err := s.modelSets(ctx, `WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		return nil, &care.Error{Code: care.NotFound, Text: "Nothing with this id has measured here."}
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// ModelSets returns all that ever measured here, by id.
func (s *Store) ModelSets(ctx context.Context) ([]pain.ModelSet, error) {
	return s.modelSets(ctx, `ORDER BY id`)
}

func (s *Store) modelSets(ctx context.Context, where string, args ...any) ([]pain.ModelSet, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT body FROM model_sets `+where, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []pain.ModelSet{}
	for rows.Next() {
		var text string
		var m pain.ModelSet
		if err := errors.Join(rows.Scan(&text), json.Unmarshal([]byte(text), &m)); err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, m)
	}
	return list, s.sentence(rows.Err())
}
