-- Times are milliseconds since 1970 in UTC, identifiers are UUIDs in text, yes and no are BOOLEAN: so far as possible what
-- SQLite and PostgreSQL both read.

-- +goose Up
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE, -- the name in lower case: two people cannot differ by case alone
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE setup_links (
    token_hash TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE logins (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE residents (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    room        TEXT NOT NULL,
    external_id TEXT UNIQUE,
    consent     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    version     INTEGER NOT NULL
);

CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    resident_id    TEXT REFERENCES residents (id),
    care_condition TEXT NOT NULL,
    practice       BOOLEAN NOT NULL,
    opened_by      TEXT NOT NULL,
    opened_by_name TEXT NOT NULL,
    opened_at      BIGINT NOT NULL,
    ended_at       BIGINT,
    UNIQUE (id, practice),
    CHECK (practice = (resident_id IS NULL))
);

CREATE TABLE assessments (
    id                TEXT PRIMARY KEY,
    session_id        TEXT NOT NULL,
    resident_id       TEXT REFERENCES residents (id),
    practice          BOOLEAN NOT NULL,
    care_condition    TEXT NOT NULL,
    status            TEXT NOT NULL,
    observation       TEXT NOT NULL, -- JSON
    proposals         TEXT NOT NULL, -- JSON
    remarks           TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    created_by        TEXT NOT NULL,
    created_by_name   TEXT NOT NULL,
    confirmed_at      BIGINT,
    confirmed_by      TEXT,
    confirmed_by_name TEXT,
    version           INTEGER NOT NULL,
    FOREIGN KEY (session_id, practice) REFERENCES sessions (id, practice), -- practice never becomes care
    CHECK (practice = (resident_id IS NULL)),
    CHECK ((status = 'preliminary') = (confirmed_by IS NULL))
);

CREATE INDEX assessments_of_resident ON assessments (resident_id, created_at);

CREATE TABLE audit (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    by_id      TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    action     TEXT NOT NULL,
    entity     TEXT NOT NULL,
    entity_id  TEXT NOT NULL,
    version    INTEGER NOT NULL,
    request_id TEXT NOT NULL
);

CREATE INDEX audit_of_entity ON audit (entity_id, id);

-- +goose Down
DROP TABLE audit;
DROP TABLE assessments;
DROP TABLE sessions;
DROP TABLE residents;
DROP TABLE logins;
DROP TABLE setup_links;
DROP TABLE users;
