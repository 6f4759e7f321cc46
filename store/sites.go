package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"wince/care"
)

// inScope returns the condition that a column holds a site of a scope, and the query's arguments with those sites added.
func inScope(column string, scope care.Scope, args []any) (string, []any) {
	switch {
	case scope.All:
		return "1 = 1", args
	case len(scope.Sites) == 0:
		return "1 = 0", args
	}
	places := make([]string, len(scope.Sites))
	for i, id := range scope.Sites {
		args = append(args, id)
		places[i] = "$" + strconv.Itoa(len(args))
	}
	return column + " IN (" + strings.Join(places, ", ") + ")", args
}

// knownSite refuses a site that does not exist.
func knownSite(ctx context.Context, tx *sql.Tx, id string) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sites WHERE id = $1`, id).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return &care.Error{Code: care.Invalid, Field: "site_id", Text: "There is no such site, or it is not one of yours."}
	}
	return nil
}

const siteQuery = `SELECT id, name, zone, created_at, version FROM sites `

func scanSite(row interface{ Scan(...any) error }) (*care.Site, error) {
	var v care.Site
	var created int64
	if err := row.Scan(&v.ID, &v.Name, &v.Zone, &created, &v.Version); err != nil {
		return nil, err
	}
	v.CreatedAt = moment(created)
	return &v, nil
}

// Site returns one site, or an error of code care.NotFound.
func (s *Store) Site(ctx context.Context, id string) (*care.Site, error) {
	v, err := scanSite(s.db.QueryRowContext(ctx, siteQuery+`WHERE id = $1`, id))
	return v, noSite(s.sentence(err))
}

func noSite(err error) error {
	var e *care.Error
	switch {
	case errors.As(err, &e) && e.Code == care.NotFound:
		return &care.Error{Code: care.NotFound, Text: "There is no such site."}
	case errors.As(err, &e) && e.Code == care.Conflict:
		return &care.Error{Code: care.Conflict, Field: "name", Text: "Another site has this name: choose another.", Err: e.Err}
	}
	return err
}

// Sites returns the sites of a scope by name.
func (s *Store) Sites(ctx context.Context, scope care.Scope) ([]care.Site, error) {
	in, args := inScope("id", scope, nil)
	rows, err := s.db.QueryContext(ctx, siteQuery+`WHERE `+in+` ORDER BY name_key`, args...)
	if err != nil {
		return nil, s.sentence(err)
	}
	defer rows.Close()
	list := []care.Site{}
	for rows.Next() {
		v, err := scanSite(rows)
		if err != nil {
			return nil, s.sentence(err)
		}
		list = append(list, *v)
	}
	return list, s.sentence(rows.Err())
}

// AddSite keeps a new site.
func (s *Store) AddSite(ctx context.Context, act care.Act, v *care.Site) error {
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActSiteAdd, Entity: "site", EntityID: v.ID, Version: v.Version}
	}
	return noSite(s.change(ctx, act, event, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sites (id, name, name_key, zone, created_at, version) VALUES ($1, $2, $3, $4, $5, $6)`,
			v.ID, v.Name, strings.ToLower(v.Name), v.Zone, millis(v.CreatedAt), v.Version)
		return err
	}))
}

// ChangeSite lets edit change a site that is at the version given, and keeps the result; care.Stale where it is not.
func (s *Store) ChangeSite(ctx context.Context, act care.Act, id string, version int, edit func(*care.Site) error) (*care.Site, error) {
	var v *care.Site
	event := func() care.AuditEvent {
		return care.AuditEvent{Action: care.ActSiteChange, Entity: "site", EntityID: id, Version: v.Version}
	}
	err := s.change(ctx, act, event, func(tx *sql.Tx) (err error) {
		if v, err = scanSite(tx.QueryRowContext(ctx, siteQuery+`WHERE id = $1`, id)); err != nil {
			return err
		}
		if v.Version != version {
			return &care.Error{Code: care.Stale, Text: "Somebody else changed this site meanwhile: look at it again, then decide."}
		}
		if err := edit(v); err != nil {
			return err
		}
		v.Version++
		_, err = tx.ExecContext(ctx, `UPDATE sites SET name = $1, name_key = $2, zone = $3, version = $4 WHERE id = $5`,
			v.Name, strings.ToLower(v.Name), v.Zone, v.Version, id)
		return err
	})
	if err != nil {
		return nil, noSite(err)
	}
	return v, nil
}
