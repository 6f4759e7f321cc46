-- +goose Up
-- Codes that a tablet is enrolled with, shown once as a QR code. Of the code only its hash is kept.
CREATE TABLE enrolments (
    id         TEXT PRIMARY KEY,
    site_id    TEXT NOT NULL REFERENCES sites (id),
    name       TEXT NOT NULL, -- of the tablet to be
    code_hash  TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    device_id  TEXT REFERENCES devices (id)
);

CREATE INDEX enrolments_of_site ON enrolments (site_id, created_at);

-- +goose Down
DROP TABLE enrolments;
