-- Connected programs. Of their secrets and tokens only hashes are kept.

-- +goose Up
CREATE TABLE clients (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    name_key    TEXT UNIQUE,      -- the name in lower case; NULL once the client is removed
    kind        TEXT NOT NULL,
    all_sites   BOOLEAN NOT NULL,
    scopes      TEXT NOT NULL,    -- words with a space between them
    jwks        TEXT,             -- JSON: public keys
    jwks_uri    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    used_at     BIGINT,
    disabled_at BIGINT,
    removed_at  BIGINT,           -- the row stays, so that the trail's ids are nobody else's
    version     INTEGER NOT NULL
);

CREATE TABLE client_sites (
    client_id TEXT NOT NULL REFERENCES clients (id),
    site_id   TEXT NOT NULL REFERENCES sites (id),
    PRIMARY KEY (client_id, site_id)
);

CREATE TABLE client_keys (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES clients (id),
    prefix      TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT,
    revoked_at  BIGINT
);

CREATE INDEX client_keys_of_client ON client_keys (client_id, id);

CREATE TABLE client_tokens (
    token_hash TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES clients (id),
    scopes     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX client_tokens_expired ON client_tokens (expires_at);

-- Assertions that were used, until they would not be taken any more.
CREATE TABLE client_assertions (
    client_id  TEXT NOT NULL REFERENCES clients (id),
    jti_hash   TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
);

CREATE INDEX client_assertions_expired ON client_assertions (expires_at);

-- +goose Down
DROP TABLE client_assertions;
DROP TABLE client_tokens;
DROP TABLE client_keys;
DROP TABLE client_sites;
DROP TABLE clients;
