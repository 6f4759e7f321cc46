package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"wince/care"
)

const clientColumns = `k.id, k.name, k.kind, k.all_sites, k.scopes, k.jwks, k.jwks_uri, k.created_at, k.created_by, k.used_at, k.disabled_at, k.version,
	(SELECT string_agg(w.site_id, ',') FROM client_sites w WHERE w.client_id = k.id)`

// scanClient reads clientColumns, and further columns into more.
func scanClient(row interface{ Scan(...any) error }, more ...any) (*care.Client, error) {
	v := care.Client{Sites: []string{}, Keys: []care.ClientKey{}}
	var scopes string
	var jwks, sites sql.NullString
	var created int64
	var used, disabled sql.NullInt64
	if err := row.Scan(append([]any{&v.ID, &v.Name, &v.Kind, &v.AllSites, &scopes, &jwks, &v.JWKSURI, &created, &v.CreatedBy, &used, &disabled, &v.Version, &sites}, more...)...); err != nil {
		return nil, err
	}
	v.Scopes = strings.Fields(scopes)
	v.CreatedAt, v.UsedAt, v.DisabledAt = moment(created), momentOrNil(used), momentOrNil(disabled)
	if jwks.Valid {
		v.JWKS = json.RawMessage(jwks.String)
	}
	if sites.Valid {
		v.Sites = strings.Split(sites.String, ",")
		slices.Sort(v.Sites)
	}
	return &v, nil
}

// noClient says of a missing record that it is a client, and of one in the way that it has the name.
func noClient(err error) error {
	var e *care.Error
	switch {
	case errors.As(err, &e) && e.Code == care.NotFound:
		return &care.Error{Code: care.NotFound, Text: "There is no such connected program."}
	case errors.As(err, &e) && e.Code == care.Conflict && e.Field == "":
		return &care.Error{Code: care.Conflict, Field: "name", Err: e.Err, Text: "Another connected program has this name: choose another."}
	}
	return err
}

// Client returns one client with its keys, or an error of code care.NotFound.
func (s *Store) Client(ctx context.Context, id string) (*care.Client, error) {
	v, err := s.client(ctx, s.db, id)
	return v, noClient(s.sentence(err))
}

func (s *Store) client(ctx context.Context, q queryer, id string) (*care.Client, error) {
	v, err := scanClient(q.QueryRowContext(ctx, `SELECT `+clientColumns+` FROM clients k WHERE k.id = $1 AND k.removed_at IS NULL`, id))
	if err != nil {
		return nil, err
	}
	list := []care.Client{*v}
	err = clientKeys(ctx, q, list, `WHERE client_id = $1`, id)
	return &list[0], err
}

// Clients returns all clients by name.
func (s *Store) Clients(ctx context.Context) ([]care.Client, error) {
	list := []care.Client{}
	return list, s.snapshot(ctx, func(q queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+clientColumns+` FROM clients k WHERE k.removed_at IS NULL ORDER BY k.name_key`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scanClient(rows)
			if err != nil {
				return err
			}
			list = append(list, *v)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return clientKeys(ctx, q, list, ``)
	})
}

// clientKeys reads API keys into the clients that they belong to.
func clientKeys(ctx context.Context, q queryer, list []care.Client, where string, args ...any) error {
	rows, err := q.QueryContext(ctx, `SELECT id, client_id, prefix, created_at, expires_at, used_at, revoked_at FROM client_keys `+where+` ORDER BY id`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	at := map[string]int{}
	for i := range list {
		at[list[i].ID] = i
	}
	for rows.Next() {
		var k care.ClientKey
		var of string
		var created, expires int64
		var used, revoked sql.NullInt64
		if err := rows.Scan(&k.ID, &of, &k.Prefix, &created, &expires, &used, &revoked); err != nil {
			return err
		}
		k.CreatedAt, k.ExpiresAt, k.UsedAt, k.RevokedAt = moment(created), moment(expires), momentOrNil(used), momentOrNil(revoked)
		if i, ok := at[of]; ok {
			list[i].Keys = append(list[i].Keys, k)
		}
	}
	return rows.Err()
}

func clientEvent(action string, v *care.Client) func() care.AuditEvent {
	return event(action, "client", &v.ID, &v.Version)
}

// AddClient keeps a new client.
func (s *Store) AddClient(ctx context.Context, act care.Act, v *care.Client) error {
	return noClient(s.change(ctx, act, clientEvent(care.ActClientAdd, v), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO clients (id, name, name_key, kind, all_sites, scopes, jwks, jwks_uri, created_at, created_by, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, v.ID, v.Name, strings.ToLower(v.Name), v.Kind, v.AllSites, strings.Join(v.Scopes, " "),
			orNull(string(v.JWKS)), v.JWKSURI, millis(v.CreatedAt), v.CreatedBy, v.Version); err != nil {
			return err
		}
		return insertClientSites(ctx, tx, v)
	}))
}

func insertClientSites(ctx context.Context, tx *sql.Tx, v *care.Client) error {
	for _, site := range v.Sites {
		if err := knownSite(ctx, tx, site); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO client_sites (client_id, site_id) VALUES ($1, $2)`, v.ID, site); err != nil {
			return err
		}
	}
	return nil
}

// changeClient runs do in one transaction that began with the client at the version given, and makes that the next.
func (s *Store) changeClient(ctx context.Context, act care.Act, action, id string, version int, do func(*sql.Tx, *care.Client) error) (*care.Client, error) {
	var v *care.Client
	audit := func() care.AuditEvent { return clientEvent(action, v)() }
	err := s.change(ctx, act, audit, func(tx *sql.Tx) (err error) {
		if v, err = s.client(ctx, tx, id); err != nil {
			return err
		}
		if version != 0 {
			if err := stale(v.Version, version); err != nil {
				return err
			}
		}
		v.Version++
		if err := do(tx, v); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE clients SET version = $1 WHERE id = $2`, v.Version, id)
		return err
	})
	if err != nil {
		return nil, noClient(err)
	}
	return v, nil
}

// ChangeClient lets edit change a client that is at the version given, and keeps the result; care.Stale where it is not. Tokens that
// it has end, so that what was taken away is gone at once.
func (s *Store) ChangeClient(ctx context.Context, act care.Act, id string, version int, edit func(*care.Client) error) (*care.Client, error) {
	return s.changeClient(ctx, act, care.ActClientChange, id, version, func(tx *sql.Tx, v *care.Client) error {
		if err := edit(v); err != nil {
			return err
		}
		var disabled sql.NullInt64
		if v.DisabledAt != nil {
			disabled = sql.NullInt64{Int64: millis(*v.DisabledAt), Valid: true}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE clients SET name = $1, name_key = $2, all_sites = $3, scopes = $4, jwks = $5, jwks_uri = $6, disabled_at = $7 WHERE id = $8`,
			v.Name, strings.ToLower(v.Name), v.AllSites, strings.Join(v.Scopes, " "), orNull(string(v.JWKS)), v.JWKSURI, disabled, v.ID); err != nil {
			return err
		}
		for _, q := range []string{`DELETE FROM client_sites WHERE client_id = $1`, `DELETE FROM client_tokens WHERE client_id = $1`} {
			if _, err := tx.ExecContext(ctx, q, v.ID); err != nil {
				return err
			}
		}
		return insertClientSites(ctx, tx, v)
	})
}

// RemoveClient ends a client with all its keys and tokens, for good.
func (s *Store) RemoveClient(ctx context.Context, act care.Act, id string, version int) error {
	_, err := s.changeClient(ctx, act, care.ActClientRemove, id, version, func(tx *sql.Tx, v *care.Client) error {
		if _, err := tx.ExecContext(ctx, `UPDATE clients SET removed_at = $1, name_key = NULL WHERE id = $2`, millis(act.At), v.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE client_keys SET revoked_at = $1 WHERE client_id = $2 AND revoked_at IS NULL`, millis(act.At), v.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM client_tokens WHERE client_id = $1`, v.ID)
		return err
	})
	return err
}

// AddClientKey keeps a new API key of a key client, by the hash of its secret.
func (s *Store) AddClientKey(ctx context.Context, act care.Act, clientID string, k *care.ClientKey, secretHash string) (*care.Client, error) {
	return s.changeClient(ctx, act, care.ActClientKey, clientID, 0, func(tx *sql.Tx, v *care.Client) error {
		if v.Kind != care.KeyClient {
			return &care.Error{Code: care.Conflict, Field: "kind", Text: "This program signs with keys of its own and gets no API key: change its jwks instead."}
		}
		open := 0
		for i := range v.Keys {
			if v.Keys[i].RevokedAt == nil && v.Keys[i].ExpiresAt.After(act.At) {
				open++
			}
		}
		if open >= care.MaxClientKeys {
			return &care.Error{Code: care.Conflict, Field: "api_keys", Text: "This program has ten keys already: revoke those that are not used any more."}
		}
		v.Keys = append(v.Keys, *k)
		_, err := tx.ExecContext(ctx, `INSERT INTO client_keys (id, client_id, prefix, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			k.ID, v.ID, k.Prefix, secretHash, millis(k.CreatedAt), millis(k.ExpiresAt))
		return err
	})
}

// RevokeClientKey ends an API key at once. A second time changes nothing but is recorded.
func (s *Store) RevokeClientKey(ctx context.Context, act care.Act, clientID, keyID string) (*care.Client, error) {
	return s.changeClient(ctx, act, care.ActClientKeyEnd, clientID, 0, func(tx *sql.Tx, v *care.Client) error {
		i := slices.IndexFunc(v.Keys, func(k care.ClientKey) bool { return k.ID == keyID })
		if i < 0 {
			return &care.Error{Code: care.NotFound, Text: "There is no such key."}
		}
		if v.Keys[i].RevokedAt == nil {
			at := care.Stamp(act.At)
			v.Keys[i].RevokedAt = &at
		}
		_, err := tx.ExecContext(ctx, `UPDATE client_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, millis(act.At), keyID)
		return err
	})
}
