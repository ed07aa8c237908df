-- When a user's findings were looked at again after a run that may have mended them.
ALTER TABLE vps_findings ADD COLUMN looked_at TIMESTAMPTZ;
