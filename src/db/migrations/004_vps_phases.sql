-- When each phase of a run began and ended.
CREATE TABLE vps_phases (
  run_id TEXT NOT NULL REFERENCES vps_runs ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  ended_at TIMESTAMPTZ,
  PRIMARY KEY (run_id, phase)
);

CREATE INDEX idx_vps_phases_user ON vps_phases (user_id);
