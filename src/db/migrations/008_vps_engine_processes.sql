-- The engine's processes, so that a lock of theirs on a stack's state is known from anybody else's.
CREATE TABLE IF NOT EXISTS vps_engine_processes (
  run_id TEXT NOT NULL REFERENCES vps_runs ON DELETE CASCADE,
  host_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, host_id, pid)
);

CREATE INDEX IF NOT EXISTS idx_vps_engine_processes_pid ON vps_engine_processes (host_id, pid);
