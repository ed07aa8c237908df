-- Whether a VM holds the data of somebody who was given another one in its place is asked by the VM.
CREATE INDEX idx_vps_changes_replaced_vm ON vps_changes (vm_id) WHERE kind = 'replace' AND begun_at IS NOT NULL;
