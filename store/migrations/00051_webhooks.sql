-- Endpoints that are told of changes. The log of changes is the outbox: an endpoint has a place in it up to which all is delivered, of
-- no interest, or has a row of its own here.

-- +goose Up
CREATE TABLE webhooks (
    id          TEXT PRIMARY KEY,
    site_id     TEXT NOT NULL,  -- '' for all
    disabled    BOOLEAN NOT NULL,
    body        TEXT NOT NULL,  -- JSON, sealed
    secret      TEXT NOT NULL,  -- sealed
    old_secret  TEXT NOT NULL,  -- sealed; the one before
    old_until   BIGINT NOT NULL, -- until when that is good, 0 for never
    seq         BIGINT NOT NULL, -- the place in the log of changes, with its mark
    mark        TEXT NOT NULL
);

CREATE TABLE deliveries (
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    seq        BIGINT NOT NULL, -- of the change
    lane       TEXT NOT NULL,   -- one after the other within it
    dead       BOOLEAN NOT NULL,
    attempts   INTEGER NOT NULL,
    first_at   BIGINT,
    next_at    BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    PRIMARY KEY (webhook_id, seq)
);

CREATE TABLE delivery_log (
    id         TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    message    TEXT NOT NULL,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    took_ms    BIGINT NOT NULL,
    outcome    TEXT NOT NULL
);

CREATE INDEX delivery_log_of_webhook ON delivery_log (webhook_id, id);
CREATE INDEX delivery_log_by_time ON delivery_log (at);

-- +goose Down
DROP TABLE delivery_log;
DROP TABLE deliveries;
DROP TABLE webhooks;
