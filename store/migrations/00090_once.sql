-- Requests with an Idempotency-Key, for a day.

-- +goose Up
CREATE TABLE once (
    id          TEXT PRIMARY KEY,  -- hash of who asked and the key
    fingerprint TEXT NOT NULL,     -- hash of the request
    begun_at    BIGINT NOT NULL,   -- first
    tried_at    BIGINT NOT NULL,   -- last
    status      INTEGER NOT NULL,  -- of the answer; 0 while there is none
    answer      TEXT NOT NULL,     -- sealed JSON
    resident_id TEXT NOT NULL      -- whom the answer is about; empty for nobody
);

CREATE INDEX once_by_age ON once (begun_at);

-- +goose Down
DROP TABLE once;
