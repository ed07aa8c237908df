-- One row a user. A backend may already have a user_vps of its own, so the table is only made where
-- there is none, and every column is added where it is missing (here and in the next files).
CREATE TABLE IF NOT EXISTS user_vps (
  user_id TEXT NOT NULL
);

ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS username TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS hostname TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS status TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS phase TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS waiting_for TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS error_code TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS reason TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS next_step TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS template_id INTEGER;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS ssh_public_key TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS address TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS subscription_id TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS url TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS requested_at TIMESTAMPTZ;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS ready_at TIMESTAMPTZ;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS updated_at TIMESTAMPTZ;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS version INTEGER NOT NULL DEFAULT 1;

-- Which making of the credentials is wanted, which was last stored to be shown, and when it was shown.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS credentials_rotation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS credentials_saved_rotation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS credentials_shown_at TIMESTAMPTZ;

-- The rows of this service are those with a user name; rows of an older backend have none and are left alone.
-- user_id may be uuid, bigint or text in an existing table, so it is compared as text everywhere.
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_vps_one_per_user ON user_vps ((user_id::text)) WHERE username IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS idx_user_vps_username ON user_vps (username) WHERE username IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_user_vps_status ON user_vps (status);
