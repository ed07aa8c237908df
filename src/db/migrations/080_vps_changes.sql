-- What an operator may change of a VPS that is there: its installation, its VM, its host name.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS first_rotation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS boot_hostname TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS recreation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS recreation_asked_at TIMESTAMPTZ;

CREATE UNIQUE INDEX IF NOT EXISTS idx_user_vps_hostname ON user_vps (hostname) WHERE username IS NOT NULL;

-- Each of these changes: who asked for it and why. An open one is the permission to wipe the VM, or to give it up for another.
CREATE TABLE vps_changes (
  change_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id TEXT NOT NULL,
  username TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('recreate', 'replace', 'rename')),
  -- The VM at the time: the permission is good for that one alone.
  vm_id BIGINT NOT NULL,
  declared_before JSONB NOT NULL,
  declared_after JSONB NOT NULL,
  requested_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  -- From then on it may have wiped or bought.
  begun_at TIMESTAMPTZ,
  -- Of the VM that was given up for another; its data stays on it until then.
  paid_until TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  outcome TEXT CHECK (outcome IN ('succeeded', 'superseded', 'withdrawn')),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

CREATE UNIQUE INDEX idx_vps_changes_open ON vps_changes (user_id) WHERE ended_at IS NULL;
CREATE INDEX idx_vps_changes_user ON vps_changes (user_id, change_id DESC);
