-- Whether an operator has said that a VM is what somebody's purchase has become is asked for many VMs.
CREATE INDEX idx_vps_purchases_decided_vm ON vps_purchases (decided_vm_id) WHERE decision = 'vm' AND state IN ('reserved', 'awaiting_payment', 'uncertain');
