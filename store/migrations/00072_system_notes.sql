-- +goose Up
-- What the server last did for itself: a backup, a look at the whole trail. One row a kind.
CREATE TABLE system_notes (
    name   TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    detail TEXT NOT NULL -- JSON, never personal
);

-- +goose Down
DROP TABLE system_notes;
