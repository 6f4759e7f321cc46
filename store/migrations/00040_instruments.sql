-- +goose Up
-- How a site uses the scales. A site without a row uses all that come with Wince.
CREATE TABLE instruments (
    site_id TEXT PRIMARY KEY REFERENCES sites (id),
    blind   BOOLEAN NOT NULL,
    off     TEXT NOT NULL, -- JSON: ids of scales that are switched off
    own     TEXT NOT NULL, -- JSON: id and version of the home's own scales
    version INTEGER NOT NULL
);

-- +goose Down
DROP TABLE instruments;
