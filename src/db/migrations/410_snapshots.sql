-- The newest action of the VM before a run ordered a snapshot (0: it had none): what comes after it is the one that the run,
-- or another one for the same request, is about. Null: it has ordered none.
ALTER TABLE vps_runs ADD COLUMN IF NOT EXISTS snapshot_after_action BIGINT;

-- The VM of which the service has made a snapshot since it was ready for its user: only then is what is found there the
-- user's own. By no clock: when a snapshot was made, Hostinger's tells, and when the VPS was ready, PostgreSQL's.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS snapshot_vm_id BIGINT;
UPDATE user_vps SET snapshot_vm_id = hostinger_vm_id
WHERE is_managed AND status <> 'deprovisioned' AND ready_at IS NOT NULL AND (
  EXISTS (SELECT FROM vps_runs WHERE vps_runs.user_id = user_vps.user_id::text AND operation = 'snapshot' AND outcome = 'succeeded' AND started_at >= ready_at)
  OR EXISTS (SELECT FROM vps_roll_out_members AS released WHERE released.user_id = user_vps.user_id::text AND released.snapshot_at >= ready_at));
