-- The operators' list of users: by name as people sort names (user2 before user10), by status with what needs
-- somebody first, by age; each page by an index.
ALTER TABLE user_vps
  ADD COLUMN sort_name TEXT COLLATE "C" GENERATED ALWAYS AS (
    regexp_replace(regexp_replace(username::text, '([0-9]+)', '00000000000000000000\1', 'g'), '[0-9]*([0-9]{20})', '\1', 'g')
  ) STORED,
  ADD COLUMN status_rank SMALLINT NOT NULL GENERATED ALWAYS AS (
    CASE status WHEN 'failed' THEN 1 WHEN 'queued' THEN 2 WHEN 'provisioning' THEN 3 WHEN 'deprovisioning' THEN 4 WHEN 'suspended' THEN 5 WHEN 'ready' THEN 6 WHEN 'deprovisioned' THEN 7 ELSE 8 END
  ) STORED;

CREATE INDEX idx_user_vps_sorted ON user_vps (sort_name, (username::text COLLATE "C")) INCLUDE (plan_id, data_center_id, status) WHERE is_managed;
CREATE INDEX idx_user_vps_sorted_by_status ON user_vps (status_rank, sort_name, (username::text COLLATE "C")) WHERE is_managed;
CREATE INDEX idx_user_vps_plans ON user_vps (plan_id) WHERE is_managed;
CREATE INDEX idx_user_vps_data_centers ON user_vps (data_center_id) WHERE is_managed;
DROP INDEX idx_user_vps_names_by_status;

CREATE INDEX idx_vps_findings_open_users ON vps_findings (username, kind) WHERE resolved_at IS NULL;
