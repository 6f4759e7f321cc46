-- Sites keep an organisation's houses apart. The rule for every table whose rows belong to one: a column
--   site_id TEXT NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001'
-- that reads filter by. It has no REFERENCES, because SQLite adds no such column to a table that exists; sites are never
-- deleted, and the store looks the site up in the same transaction. Records from before belong to the default site.

-- +goose Up
CREATE TABLE sites (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,
    zone       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version    INTEGER NOT NULL
);

INSERT INTO sites (id, name, name_key, zone, created_at, version)
VALUES ('00000000-0000-7000-8000-000000000001', 'Home', 'home', 'UTC', 0, 1);

ALTER TABLE residents ADD COLUMN site_id TEXT NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001';
ALTER TABLE sessions ADD COLUMN site_id TEXT NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001';
ALTER TABLE assessments ADD COLUMN site_id TEXT NOT NULL DEFAULT '00000000-0000-7000-8000-000000000001';

CREATE INDEX residents_of_site ON residents (site_id);
CREATE INDEX assessments_of_site ON assessments (site_id, created_at);

-- +goose Down
DROP INDEX assessments_of_site;
DROP INDEX residents_of_site;
ALTER TABLE assessments DROP COLUMN site_id;
ALTER TABLE sessions DROP COLUMN site_id;
ALTER TABLE residents DROP COLUMN site_id;
DROP TABLE sites;
