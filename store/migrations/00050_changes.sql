-- The log of changes: one row for each change of a record, numbered without gaps in the order of their commits, because changes
-- are made one after the other. Reading on from a number finds all that came later. Records from before get one row each, with
-- what the audit trail knows of their last change.

-- +goose Up
CREATE TABLE changes (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL, -- never smaller than that of the row before
    site_id     TEXT NOT NULL,
    resident_id TEXT,            -- NULL for records about nobody in particular
    entity      TEXT NOT NULL,
    entity_id   TEXT NOT NULL,
    action      TEXT NOT NULL,
    version     INTEGER NOT NULL
);

-- The last row's number and time, and the counter.
CREATE TABLE change_head (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    at  BIGINT NOT NULL
);

INSERT INTO changes (seq, at, site_id, resident_id, entity, entity_id, action, version)
WITH trail AS (
    SELECT entity, entity_id, at, action, version, row_number() OVER (PARTITION BY entity, entity_id ORDER BY seq DESC) AS n
    FROM audit WHERE entity_id <> '' AND action NOT LIKE '%.read'
), records AS (
    SELECT 'site' AS entity, id, id AS site_id, NULL AS resident_id, created_at AS at, version, 'site.add' AS action FROM sites
    UNION ALL SELECT 'resident', id, site_id, id, created_at, version, 'resident.add' FROM residents
    UNION ALL SELECT 'consent', c.id, r.site_id, r.id, c.recorded_at, 1, 'consent.add' FROM consents c JOIN residents r ON r.id = c.resident_id
    UNION ALL SELECT 'baseline', b.id, r.site_id, r.id, b.taken_at, 1, 'baseline.add' FROM baselines b JOIN residents r ON r.id = b.resident_id
    UNION ALL SELECT 'relief', v.id, r.site_id, r.id, v.given_at, 1, 'relief.add' FROM reliefs v JOIN residents r ON r.id = v.resident_id
    UNION ALL SELECT 'schedule', id, site_id, resident_id, 0, 1, 'schedule.add' FROM schedules
    UNION ALL SELECT 'pause', p.id, r.site_id, r.id, 0, 1, 'pause.add' FROM pauses p JOIN residents r ON r.id = p.resident_id
    UNION ALL SELECT 'event', h.id, r.site_id, r.id, h.at, 1, 'event.add' FROM happenings h JOIN residents r ON r.id = h.resident_id
    UNION ALL SELECT 'escalation', id, site_id, resident_id, raised_at, 1, 'escalation.raise' FROM escalations
    UNION ALL SELECT 'assessment', id, site_id, resident_id, changed_at, version, 'assessment.add' FROM assessments WHERE NOT practice
)
SELECT row_number() OVER (ORDER BY COALESCE(t.at, r.at), r.entity, r.id), COALESCE(t.at, r.at), r.site_id, r.resident_id, r.entity, r.id,
    COALESCE(t.action, r.action), COALESCE(t.version, r.version)
FROM records r LEFT JOIN trail t ON t.entity = r.entity AND t.entity_id = r.id AND t.n = 1;

INSERT INTO change_head (id, seq, at) SELECT 1, COALESCE(max(seq), 0), COALESCE(max(at), 0) FROM changes;

CREATE INDEX changes_of_record ON changes (entity_id, seq);
CREATE INDEX changes_of_site ON changes (site_id, seq);
CREATE INDEX changes_of_resident ON changes (resident_id, seq);

-- +goose Down
DROP TABLE change_head;
DROP TABLE changes;
