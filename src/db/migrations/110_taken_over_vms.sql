-- The VM that a user's stack takes over in place of a purchase: a wiped one of somebody else's, or the user's own.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS taken_over_vm_id BIGINT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS taken_over_is_wiped BOOLEAN NOT NULL DEFAULT false;

-- The host name with which a VM that was given up had been installed, and when its user got it back.
ALTER TABLE vps_give_ups ADD COLUMN IF NOT EXISTS boot_hostname TEXT;
ALTER TABLE vps_give_ups ADD COLUMN IF NOT EXISTS returned_at TIMESTAMPTZ;

UPDATE vps_give_ups SET boot_hostname = coalesce(
  (SELECT user_vps.boot_hostname FROM user_vps
   WHERE user_vps.user_id::text = vps_give_ups.user_id AND user_vps.username IS NOT NULL AND user_vps.requested_at <= vps_give_ups.requested_at LIMIT 1),
  vps_give_ups.hostname);

UPDATE user_vps SET taken_over_vm_id = spare.vm_id, taken_over_is_wiped = true
FROM (SELECT DISTINCT ON (reused_by) reused_by, reused_at, vm_id FROM vps_give_ups WHERE reused_by IS NOT NULL ORDER BY reused_by, reused_at DESC) AS spare
WHERE user_vps.user_id::text = spare.reused_by AND user_vps.username IS NOT NULL AND user_vps.requested_at <= spare.reused_at;

-- Whose VM of a host name this was.
CREATE INDEX IF NOT EXISTS idx_vps_give_ups_user ON vps_give_ups (user_id, give_up_id DESC);
CREATE INDEX IF NOT EXISTS idx_vps_give_ups_hostname ON vps_give_ups (hostname) WHERE vm_id IS NOT NULL AND wiped_at IS NULL;
CREATE INDEX IF NOT EXISTS idx_vps_changes_replaced_hostname ON vps_changes ((declared_before ->> 'hostname')) WHERE kind = 'replace' AND begun_at IS NOT NULL;
