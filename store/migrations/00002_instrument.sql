-- An assessment may now be a draft, made without a camera, filled in on a scale and corrected later. SQLite cannot drop a
-- constraint, so the table is made anew. Its number comes before those of the other subjects, which add columns to it.

-- +goose Up
-- The text of each definition that was ever used, as it was: an assessment keeps the version it was scored with.
CREATE TABLE scale_definitions (
    id         TEXT NOT NULL,
    version    TEXT NOT NULL,
    name       TEXT NOT NULL, -- of the file
    definition TEXT NOT NULL, -- YAML
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE assessments_new (
    id                TEXT PRIMARY KEY,
    session_id        TEXT,   -- NULL without a camera
    resident_id       TEXT REFERENCES residents (id),
    practice          BOOLEAN NOT NULL,
    care_condition    TEXT NOT NULL,
    status            TEXT NOT NULL,
    method            TEXT NOT NULL,
    scale_id          TEXT,
    scale_version     TEXT,
    pain_type         TEXT NOT NULL,
    answers           TEXT NOT NULL, -- JSON: item -> value
    total             INTEGER,       -- NULL while items are open
    band              TEXT NOT NULL,
    blind             BOOLEAN NOT NULL,
    rated_blind       TEXT,          -- JSON: the answers to the camera's items before its proposals were shown
    observation       TEXT,          -- JSON
    proposals         TEXT NOT NULL, -- JSON
    not_proposed      TEXT NOT NULL, -- JSON
    body_sites        TEXT NOT NULL, -- JSON
    remarks           TEXT NOT NULL,
    reason            TEXT NOT NULL, -- of the last correction
    assessed_at       BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    created_by        TEXT NOT NULL,
    created_by_name   TEXT NOT NULL,
    changed_at        BIGINT NOT NULL,
    changed_by        TEXT NOT NULL,
    changed_by_name   TEXT NOT NULL,
    confirmed_at      BIGINT,
    confirmed_by      TEXT,
    confirmed_by_name TEXT,
    version           INTEGER NOT NULL,
    FOREIGN KEY (session_id, practice) REFERENCES sessions (id, practice), -- practice never becomes care
    FOREIGN KEY (scale_id, scale_version) REFERENCES scale_definitions (id, version),
    CHECK (practice = (resident_id IS NULL)),
    CHECK ((scale_id IS NULL) = (scale_version IS NULL)),
    CHECK (status IN ('draft', 'preliminary', 'final', 'amended', 'entered_in_error')),
    CHECK (status NOT IN ('draft', 'preliminary') OR confirmed_by IS NULL),
    CHECK (status NOT IN ('final', 'amended') OR confirmed_by IS NOT NULL)
);

INSERT INTO assessments_new (id, session_id, resident_id, practice, care_condition, status, method, pain_type, answers, band, blind,
    observation, proposals, not_proposed, body_sites, remarks, reason, assessed_at, created_at, created_by, created_by_name,
    changed_at, changed_by, changed_by_name, confirmed_at, confirmed_by, confirmed_by_name, version)
SELECT id, session_id, resident_id, practice, care_condition, status, 'camera', '', '{}', '', FALSE,
    observation, proposals, '[]', '[]', remarks, '', created_at, created_at, created_by, created_by_name,
    COALESCE(confirmed_at, created_at), COALESCE(confirmed_by, created_by), COALESCE(confirmed_by_name, created_by_name),
    confirmed_at, confirmed_by, confirmed_by_name, version
FROM assessments;

DROP TABLE assessments;
ALTER TABLE assessments_new RENAME TO assessments;

CREATE INDEX assessments_of_resident ON assessments (resident_id, assessed_at, id);
CREATE INDEX assessments_by_time ON assessments (assessed_at, id);

-- Every change: what was there before it, and the id that the client gave it, so that a request sent twice changes once.
CREATE TABLE assessment_changes (
    id            TEXT PRIMARY KEY, -- the client's, where it gave one
    assessment_id TEXT NOT NULL REFERENCES assessments (id),
    version       INTEGER NOT NULL, -- the version that the change made
    fingerprint   TEXT NOT NULL,    -- of the request
    previous      TEXT,             -- JSON, sealed: the record before; NULL where the change made it
    UNIQUE (assessment_id, version)
);

-- +goose Down
DROP TABLE assessment_changes;
DROP TABLE assessments;
DROP TABLE scale_definitions;
CREATE TABLE assessments (
    id                TEXT PRIMARY KEY,
    session_id        TEXT NOT NULL,
    resident_id       TEXT REFERENCES residents (id),
    practice          BOOLEAN NOT NULL,
    care_condition    TEXT NOT NULL,
    status            TEXT NOT NULL,
    observation       TEXT NOT NULL,
    proposals         TEXT NOT NULL,
    remarks           TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    created_by        TEXT NOT NULL,
    created_by_name   TEXT NOT NULL,
    confirmed_at      BIGINT,
    confirmed_by      TEXT,
    confirmed_by_name TEXT,
    version           INTEGER NOT NULL,
    FOREIGN KEY (session_id, practice) REFERENCES sessions (id, practice),
    CHECK (practice = (resident_id IS NULL)),
    CHECK ((status = 'preliminary') = (confirmed_by IS NULL))
);
CREATE INDEX assessments_of_resident ON assessments (resident_id, created_at);
