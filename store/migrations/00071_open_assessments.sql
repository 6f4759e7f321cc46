-- +goose Up
-- A manager's overview asks for what nobody has confirmed, which is little among much.
CREATE INDEX assessments_open ON assessments (site_id, created_at) WHERE status IN ('draft', 'preliminary') AND NOT practice;

-- +goose Down
DROP INDEX assessments_open;
