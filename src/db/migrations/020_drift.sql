-- Each sweep over the fleet: asked for, begun, ended. At most one waits, at most one runs.
CREATE TABLE vps_sweeps (
  sweep_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  requested_by TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  started_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ,
  outcome TEXT CHECK (outcome IN ('succeeded', 'failed', 'lost')),
  message TEXT,
  seconds DOUBLE PRECISION,
  api_calls INTEGER,
  users INTEGER,
  examined INTEGER,
  findings INTEGER,
  previews INTEGER,
  CHECK ((outcome IS NULL) = (finished_at IS NULL))
);

CREATE UNIQUE INDEX idx_vps_sweeps_one_waits ON vps_sweeps ((true)) WHERE started_at IS NULL AND finished_at IS NULL;

-- What sweeps have found. `subject` is the user name, the host name of a record or the id of a VM.
CREATE TABLE vps_findings (
  finding_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT,
  username TEXT,
  declared TEXT NOT NULL,
  actual TEXT NOT NULL,
  -- What a preview with refresh said of the user's stack; null until there was one.
  preview JSONB,
  first_seen TIMESTAMPTZ NOT NULL,
  last_seen TIMESTAMPTZ NOT NULL,
  resolved_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX idx_vps_findings_open ON vps_findings (kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX idx_vps_findings_user ON vps_findings (user_id, first_seen DESC);

-- Who had what repaired, and why; also what was refused.
CREATE TABLE vps_repairs (
  repair_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  finding_id BIGINT NOT NULL REFERENCES vps_findings ON DELETE CASCADE,
  user_id TEXT,
  requested_by TEXT NOT NULL,
  why TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  decision TEXT NOT NULL CHECK (decision IN ('queued', 'refused')),
  reason TEXT NOT NULL
);

CREATE INDEX idx_vps_repairs_finding ON vps_repairs (finding_id);
CREATE INDEX idx_vps_repairs_user ON vps_repairs (user_id, requested_at DESC);
