-- Audit rows form a chain: each has its place and a hash over itself and the hash before it. audit_head holds the chain's two
-- ends and a keyed hash over them, so that whoever can write the database but has no key file cannot shorten the chain. Rows
-- that were there before get their hashes in the step after this one.

-- +goose Up
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT ''; -- JSON without anything personal
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX audit_seq ON audit (seq);

CREATE TABLE audit_head (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    seq       BIGINT NOT NULL, -- of the last row
    hash      TEXT NOT NULL,
    base_seq  BIGINT NOT NULL, -- of the last row that retention removed, 0 for none
    base_hash TEXT NOT NULL,
    key_id    TEXT NOT NULL,   -- the key that new texts are sealed with
    seal      TEXT NOT NULL
);

ALTER TABLE residents ADD COLUMN external_key TEXT; -- keyed hash of external_id
ALTER TABLE residents ADD COLUMN erased_at BIGINT;
CREATE UNIQUE INDEX residents_external_key ON residents (external_key);

-- +goose Down
DROP INDEX residents_external_key;
ALTER TABLE residents DROP COLUMN erased_at;
ALTER TABLE residents DROP COLUMN external_key;
DROP TABLE audit_head;
DROP INDEX audit_seq;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN detail;
ALTER TABLE audit DROP COLUMN seq;
