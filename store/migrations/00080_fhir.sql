-- What searches of the FHIR interface need beyond what tablets ask for. Sets of models and rules are kept once each, so that the
-- device that measured can be read by its id; the step after this one fills them from what was kept before.

-- +goose Up
CREATE TABLE model_sets (
    id     TEXT PRIMARY KEY, -- hash over the rest
    body   TEXT NOT NULL     -- JSON: names, versions and checksums; nothing personal
);

CREATE INDEX assessments_by_change ON assessments (changed_at, id);
CREATE INDEX reliefs_by_time ON reliefs (given_at, id);

-- +goose Down
DROP INDEX reliefs_by_time;
DROP INDEX assessments_by_change;
DROP TABLE model_sets;
