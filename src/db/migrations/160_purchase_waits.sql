-- A purchase whose outcome is not known yet is waited for as well: no VM is known of it.
ALTER TABLE vps_waits DROP CONSTRAINT vps_waits_what_check;
ALTER TABLE vps_waits ADD CONSTRAINT vps_waits_what_check CHECK (what IN ('running', 'health', 'purchase'));
ALTER TABLE vps_waits ALTER COLUMN vm_id DROP NOT NULL;
ALTER TABLE vps_waits ADD CONSTRAINT vps_waits_vm_check CHECK ((what = 'purchase') = (vm_id IS NULL));
