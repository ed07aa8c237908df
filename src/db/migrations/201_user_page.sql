-- The key by which users know their VPS's SSH server, as `type base64`: as it was when the VPS was last worked on.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS ssh_host_key TEXT;

-- Codes by which a backend hands a user over to their page: each is good once, and only its hash is kept.
CREATE TABLE vps_hand_overs (
  code_hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  username TEXT,
  expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_vps_hand_overs_expiry ON vps_hand_overs (expires_at);

-- Runs that put a VM back to its snapshot; the operations are those of src/records/runs.ts.
ALTER TABLE vps_runs DROP CONSTRAINT IF EXISTS vps_runs_operation_check;
ALTER TABLE vps_runs ADD CONSTRAINT vps_runs_operation_check CHECK (operation IN ('up', 'destroy', 'refresh', 'preview', 'power', 'snapshot', 'restore'));
