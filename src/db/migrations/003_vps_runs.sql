-- Each run of the engine for a user, and what it printed (secrets removed before it gets here).
CREATE TABLE vps_runs (
  run_id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  username TEXT NOT NULL,
  operation TEXT NOT NULL CHECK (operation IN ('up', 'destroy', 'refresh', 'preview', 'power')),
  worker_id TEXT NOT NULL,
  host_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  ended_at TIMESTAMPTZ,
  outcome TEXT CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost')),
  error_code TEXT,
  message TEXT,
  seconds DOUBLE PRECISION,
  resource_changes JSONB,
  resources JSONB,
  CHECK ((outcome IS NULL) = (ended_at IS NULL))
);

CREATE INDEX idx_vps_runs_user ON vps_runs (user_id, started_at DESC, run_id DESC);
CREATE INDEX idx_vps_runs_open ON vps_runs (user_id) WHERE outcome IS NULL;

CREATE TABLE vps_run_log (
  run_id TEXT NOT NULL REFERENCES vps_runs ON DELETE CASCADE,
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  at TIMESTAMPTZ NOT NULL DEFAULT now(),
  line TEXT NOT NULL,
  PRIMARY KEY (run_id, seq)
);
