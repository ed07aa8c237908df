-- What can be released to VPSs that are already there, who rolled it out, and what became of each VPS.
CREATE TABLE vps_releases (
  version TEXT PRIMARY KEY,
  conductor_url TEXT,
  conductor_sha256 TEXT,
  cli_url TEXT,
  cli_sha256 TEXT,
  created_by TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  CHECK ((conductor_url IS NULL) = (conductor_sha256 IS NULL)),
  CHECK ((cli_url IS NULL) = (cli_sha256 IS NULL)),
  CHECK (conductor_url IS NOT NULL OR cli_url IS NOT NULL)
);

CREATE TABLE vps_roll_outs (
  roll_out_id TEXT PRIMARY KEY,
  version TEXT NOT NULL REFERENCES vps_releases,
  requested_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  concurrency INTEGER NOT NULL CHECK (concurrency > 0),
  max_failures INTEGER NOT NULL CHECK (max_failures > 0),
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  ended_at TIMESTAMPTZ,
  outcome TEXT CHECK (outcome IN ('succeeded', 'stopped', 'cancelled')),
  CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

-- One at a time.
CREATE UNIQUE INDEX idx_vps_roll_outs_open ON vps_roll_outs ((true)) WHERE outcome IS NULL;

CREATE TABLE vps_roll_out_members (
  roll_out_id TEXT NOT NULL REFERENCES vps_roll_outs ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  username TEXT NOT NULL,
  wave INTEGER NOT NULL CHECK (wave > 0),
  status TEXT NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'skipped')),
  run_id TEXT,
  started_at TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  error_code TEXT,
  message TEXT,
  PRIMARY KEY (roll_out_id, user_id)
);

CREATE INDEX idx_vps_roll_out_members_user ON vps_roll_out_members (user_id, ended_at DESC) WHERE status = 'succeeded';
