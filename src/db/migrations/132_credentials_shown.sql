-- Credentials stay for a while after they were first shown, until whoever got them says so: an answer may be lost on its way.
ALTER TABLE vps_credentials ADD COLUMN shown_at TIMESTAMPTZ;
CREATE INDEX idx_vps_credentials_shown ON vps_credentials (shown_at) WHERE shown_at IS NOT NULL;
