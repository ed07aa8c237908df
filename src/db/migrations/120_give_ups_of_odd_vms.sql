-- What a giving up has come to where the VM's state allows no wipe and no stop, or nobody knows what pays it.
ALTER TABLE vps_give_ups ADD COLUMN renewal TEXT CHECK (renewal IN ('off', 'unknown'));
ALTER TABLE vps_give_ups ADD COLUMN rest_state TEXT CHECK (rest_state IN ('stopped', 'suspended', 'error', 'initial', 'gone'));
ALTER TABLE vps_give_ups ADD COLUMN not_wiped_because TEXT;

-- The VM that was given up for another is the user's by this row, whatever its host name is by now.
CREATE INDEX idx_vps_changes_replaced ON vps_changes (vm_id) WHERE kind = 'replace' AND begun_at IS NOT NULL;
