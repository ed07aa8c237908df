-- Users whom an operator has suspended: their status is 'suspended', the VM is stopped, nothing is wiped.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS suspended_at TIMESTAMPTZ;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS suspended_by TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS suspended_because TEXT;
