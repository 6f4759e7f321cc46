-- What was done against pain, what asks for the next assessment, and whom it was escalated to. The columns beside a body are
-- those that queries look for; the rest of the record is in the body, JSON and sealed.

-- +goose Up
CREATE TABLE reliefs (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    given_at    BIGINT NOT NULL,
    body        TEXT NOT NULL
);

CREATE INDEX reliefs_of_resident ON reliefs (resident_id, given_at);
CREATE INDEX reliefs_of_site ON reliefs (site_id, given_at);

CREATE TABLE measures (
    site_id TEXT NOT NULL REFERENCES sites (id),
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    retired BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (site_id, id)
);

CREATE TABLE schedules (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL,
    resident_id TEXT REFERENCES residents (id), -- NULL for all of the site
    ends_at     BIGINT,
    body        TEXT NOT NULL
);

CREATE INDEX schedules_of_site ON schedules (site_id, ends_at);

CREATE TABLE pauses (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    to_at       BIGINT,
    body        TEXT NOT NULL
);

CREATE INDEX pauses_of_site ON pauses (site_id, to_at);

CREATE TABLE happenings (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL,
    resident_id TEXT NOT NULL REFERENCES residents (id),
    at          BIGINT NOT NULL,
    body        TEXT NOT NULL
);

CREATE INDEX happenings_of_site ON happenings (site_id, at);

CREATE TABLE escalations (
    id              TEXT PRIMARY KEY,
    item_key        TEXT NOT NULL UNIQUE, -- so that each is raised once
    site_id         TEXT NOT NULL,
    resident_id     TEXT NOT NULL REFERENCES residents (id),
    raised_at       BIGINT NOT NULL,
    acknowledged_at BIGINT,
    body            TEXT NOT NULL
);

CREATE INDEX escalations_of_site ON escalations (site_id, raised_at);

-- Rounds and trends ask for many assessments and of each for little, which these indexes hold: without them each would be
-- looked up among rows of a kilobyte that lie scattered over the table. Before, the site's went by when a record was made.
DROP INDEX assessments_of_site;
CREATE INDEX assessments_of_site ON assessments (site_id, assessed_at, id, resident_id, status, practice, care_condition, scale_id, total);
DROP INDEX assessments_of_resident;
CREATE INDEX assessments_of_resident ON assessments (resident_id, assessed_at, id, status, practice, care_condition, scale_id, total);

-- +goose Down
DROP INDEX assessments_of_site;
CREATE INDEX assessments_of_site ON assessments (site_id, created_at);
DROP INDEX assessments_of_resident;
CREATE INDEX assessments_of_resident ON assessments (resident_id, assessed_at, id);
DROP TABLE escalations;
DROP TABLE happenings;
DROP TABLE pauses;
DROP TABLE schedules;
DROP TABLE measures;
DROP TABLE reliefs;
