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

// keepDefinition keeps the text of a scale's version, once. The same version with another text is refused: what was scored
// with a definition must stay readable by it.
func keepDefinition(ctx context.Context, tx *sql.Tx, ref pain.Ref, file pain.ScaleFile, act care.Act) error {
	var kept string
	err := tx.QueryRowContext(ctx, `SELECT definition FROM scale_definitions WHERE id = $1 AND version = $2`, ref.ID, ref.Version).Scan(&kept)
	switch {
	case err == nil && kept == string(file.Text):
		return nil
	case err == nil:
		return &care.Error{Code: care.Conflict, Field: "definition", Text: "Version " + ref.Version + " of the scale " + ref.ID +
			" is in use with another text: give the changed definition a version of its own."}
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO scale_definitions (id, version, name, definition, added_at) VALUES ($1, $2, $3, $4, $5)`,
		ref.ID, ref.Version, file.Name, string(file.Text), millis(act.At))
	return err
}

// ScaleDefinition returns the text of one version, or an error of code care.NotFound.
func (s *Store) ScaleDefinition(ctx context.Context, ref pain.Ref) (pain.ScaleFile, error) {
	var name, text string
	err := s.db.QueryRowContext(ctx, `SELECT name, definition FROM scale_definitions WHERE id = $1 AND version = $2`, ref.ID, ref.Version).Scan(&name, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return pain.ScaleFile{}, &care.Error{Code: care.NotFound, Text: "There is no such version of this scale."}
	}
	return pain.ScaleFile{Name: name, Text: []byte(text)}, s.sentence(err)
}

// Instrument returns how a site uses the scales, at version 0 where nothing was chosen.
func (s *Store) Instrument(ctx context.Context, siteID string) (*care.Instrument, error) {
	n, err := scanInstrument(s.db.QueryRowContext(ctx, instrumentQuery, siteID), siteID)
	return n, s.sentence(err)
}

const instrumentQuery = `SELECT blind, off, own, version FROM instruments WHERE site_id = $1`

func scanInstrument(row *sql.Row, siteID string) (*care.Instrument, error) {
	n := &care.Instrument{SiteID: siteID, Off: []string{}, Own: []pain.Ref{}}
	var off, own string
	err := row.Scan(&n.Blind, &off, &own, &n.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return n, nil
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(off), &n.Off), json.Unmarshal([]byte(own), &n.Own))
	}
	return n, err
}

// ChangeInstrument lets edit change how a site uses the scales, at the version given, and keeps the result; care.Stale where
// it is not. Added is the definition of a scale of the home's own that is put into use, nil for none.
func (s *Store) ChangeInstrument(ctx context.Context, act care.Act, siteID string, version int, added *pain.Scale, edit func(*care.Instrument) error) (*care.Instrument, error) {
	var n *care.Instrument
	event := func() care.AuditEvent {
		e := care.AuditEvent{Action: care.ActInstrument, Entity: "instrument", EntityID: siteID, Version: n.Version}
		if added != nil {
			e.Action = care.ActScaleAdd
		}
		return e
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) (err error) {
		if err := knownSite(ctx, tx, siteID); err != nil {
			return err
		}
		if n, err = scanInstrument(tx.QueryRowContext(ctx, instrumentQuery, siteID), siteID); err != nil {
			return err
		}
		if n.Version != version {
			return &care.Error{Code: care.Stale, Text: "Somebody else changed how this site uses the scales meanwhile: look at it again, then decide."}
		}
		if added != nil {
			if err := keepDefinition(ctx, tx, added.Ref(), added.File, act); err != nil {
				return err
			}
		}
		if err := edit(n); err != nil {
			return err
		}
		n.Version++
		off, err := json.Marshal(n.Off)
		if err != nil {
			return fmt.Errorf("write instrument: %w", err)
		}
		own, err := json.Marshal(n.Own)
		if err != nil {
			return fmt.Errorf("write instrument: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO instruments (site_id, blind, off, own, version) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (site_id) DO UPDATE SET blind = excluded.blind, off = excluded.off, own = excluded.own, version = excluded.version`,
			siteID, n.Blind, string(off), string(own), n.Version)
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}
