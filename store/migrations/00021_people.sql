-- Staff beyond the first administrator: which sites they work in, how else they sign in, and the tablets that a short PIN
-- opens. Secrets are kept as hashes only.

-- +goose Up
ALTER TABLE users ADD COLUMN disabled_at BIGINT;
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE user_sites (
    user_id TEXT NOT NULL REFERENCES users (id),
    site_id TEXT NOT NULL REFERENCES sites (id),
    PRIMARY KEY (user_id, site_id)
);

INSERT INTO user_sites (user_id, site_id) SELECT id, '00000000-0000-7000-8000-000000000001' FROM users;

CREATE TABLE devices (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL REFERENCES sites (id),
    name        TEXT NOT NULL,
    token_hash  TEXT NOT NULL UNIQUE,
    enrolled_at BIGINT NOT NULL,
    enrolled_by TEXT NOT NULL,
    revoked_at  BIGINT
);

ALTER TABLE logins ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE logins ADD COLUMN device_id TEXT;

CREATE TABLE pins (
    user_id  TEXT PRIMARY KEY REFERENCES users (id),
    pin_hash TEXT NOT NULL,
    failed   INTEGER NOT NULL, -- wrong tries in a row
    set_at   BIGINT NOT NULL
);

CREATE TABLE invitations (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL UNIQUE REFERENCES users (id), -- the newest counts
    expires_at BIGINT NOT NULL
);

CREATE TABLE identities (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE passkeys (
    id         TEXT PRIMARY KEY, -- the credential id, base64url
    user_id    TEXT NOT NULL REFERENCES users (id),
    name       TEXT NOT NULL,
    credential TEXT NOT NULL, -- JSON: public key, counter, flags
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE INDEX passkeys_of_user ON passkeys (user_id);

-- +goose Down
DROP TABLE passkeys;
DROP TABLE identities;
DROP TABLE invitations;
DROP TABLE pins;
ALTER TABLE logins DROP COLUMN device_id;
ALTER TABLE logins DROP COLUMN method;
DROP TABLE devices;
DROP TABLE user_sites;
ALTER TABLE users DROP COLUMN version;
ALTER TABLE users DROP COLUMN disabled_at;
