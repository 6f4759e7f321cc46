-- What a home knows of a resident beside name and room: particulars, decisions on consent, and what the face measures at
-- ease. Texts called body or details are JSON and sealed.

-- +goose Up
ALTER TABLE residents ADD COLUMN details TEXT NOT NULL DEFAULT '';
ALTER TABLE residents ADD COLUMN camera_consent TEXT; -- the newest decision of each purpose
ALTER TABLE residents ADD COLUMN photo_consent TEXT;

CREATE TABLE consents (
    id          TEXT PRIMARY KEY,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    recorded_at BIGINT NOT NULL,
    body        TEXT NOT NULL
);

CREATE INDEX consents_of_resident ON consents (resident_id, recorded_at);

CREATE TABLE baselines (
    id          TEXT PRIMARY KEY,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    taken_at    BIGINT NOT NULL,
    chosen      BOOLEAN NOT NULL,
    body        TEXT NOT NULL
);

CREATE INDEX baselines_of_resident ON baselines (resident_id, taken_at);
CREATE UNIQUE INDEX baselines_chosen ON baselines (resident_id) WHERE chosen; -- one at most

-- +goose Down
DROP TABLE baselines;
DROP TABLE consents;
ALTER TABLE residents DROP COLUMN photo_consent;
ALTER TABLE residents DROP COLUMN camera_consent;
ALTER TABLE residents DROP COLUMN details;
