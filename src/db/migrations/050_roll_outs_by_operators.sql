-- Roll-outs that operators ask the service for: whether each VM is copied before it is touched, and who ended one early.
ALTER TABLE vps_roll_outs ADD COLUMN snapshot BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE vps_roll_outs ADD COLUMN cancelled_by TEXT;

-- When this roll-out's snapshot was made: one that is gone on with after a crash does not make another, of a VM half-way.
ALTER TABLE vps_roll_out_members ADD COLUMN snapshot_at TIMESTAMPTZ;

CREATE INDEX idx_vps_roll_out_members_running ON vps_roll_out_members (roll_out_id) WHERE status = 'running';
