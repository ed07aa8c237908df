-- Since when a user waits for a worker: the order of the queue that users are told of.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS queued_at TIMESTAMPTZ;
UPDATE user_vps SET queued_at = requested_at WHERE is_managed AND status = 'queued';

CREATE OR REPLACE FUNCTION user_vps_note_queued() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  NEW.queued_at := clock_timestamp();
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER user_vps_note_queued_first BEFORE INSERT ON user_vps
  FOR EACH ROW WHEN (NEW.status = 'queued') EXECUTE FUNCTION user_vps_note_queued();
CREATE OR REPLACE TRIGGER user_vps_note_queued BEFORE UPDATE ON user_vps
  FOR EACH ROW WHEN (NEW.status = 'queued' AND OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION user_vps_note_queued();

-- Those who wait for nothing but a worker: as many as there are, however large the fleet.
CREATE INDEX IF NOT EXISTS idx_user_vps_queue ON user_vps (queued_at) WHERE is_managed AND status = 'queued' AND waiting_kind IS NULL AND error_code IS NULL;
-- For the usual time of a run.
CREATE INDEX IF NOT EXISTS idx_vps_runs_usual ON vps_runs (ended_at DESC) WHERE operation = 'up' AND outcome IN ('succeeded', 'waiting');
