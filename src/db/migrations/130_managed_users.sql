-- Which rows of user_vps are this service's. Until now those with a user name, but rows of an older
-- backend may have one too. What this service asks for has all of these from the beginning.
ALTER TABLE user_vps ADD COLUMN is_managed BOOLEAN NOT NULL GENERATED ALWAYS AS (
  username IS NOT NULL AND hostname IS NOT NULL AND requested_at IS NOT NULL AND plan_id IS NOT NULL AND template_id IS NOT NULL AND data_center_id IS NOT NULL
) STORED;

-- What is looked for on the way of one user, or page by page, does not take longer with a larger fleet.
CREATE INDEX idx_user_vps_user ON user_vps ((user_id::text));
CREATE INDEX idx_user_vps_names ON user_vps ((username COLLATE "C")) WHERE is_managed;
CREATE INDEX idx_user_vps_names_by_status ON user_vps (status, (username COLLATE "C")) WHERE is_managed;
CREATE INDEX idx_user_vps_ready ON user_vps (ready_at) WHERE is_managed;
CREATE INDEX idx_user_vps_requested ON user_vps (requested_at) WHERE is_managed;
CREATE INDEX idx_user_vps_given_up ON user_vps (updated_at) WHERE is_managed AND status = 'deprovisioned';
CREATE INDEX idx_vps_runs_ended ON vps_runs (ended_at);
CREATE INDEX idx_vps_runs_failed ON vps_runs (ended_at) WHERE outcome = 'failed';
DROP INDEX idx_vps_phases_user;
CREATE INDEX idx_vps_phases_user ON vps_phases (user_id, started_at DESC);
CREATE INDEX idx_vps_findings_username ON vps_findings (username, finding_id DESC);
CREATE INDEX idx_vps_findings_resolved ON vps_findings (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX idx_vps_operator_actions_asked ON vps_operator_actions (asked_at);
CREATE INDEX idx_vps_give_ups_username ON vps_give_ups (username, give_up_id DESC);
CREATE INDEX idx_vps_give_ups_spare ON vps_give_ups (plan_id, template_id, data_center_id, paid_until DESC)
  WHERE ended_at IS NOT NULL AND wiped_at IS NOT NULL AND reused_by IS NULL AND unusable_because IS NULL;
