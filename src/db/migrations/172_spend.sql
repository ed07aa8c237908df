-- What is paid a month: VMs that were given up are paid until their terms end, and a plan costs what was last paid for it.
CREATE INDEX idx_vps_give_ups_paid_until ON vps_give_ups (paid_until) WHERE ended_at IS NOT NULL AND reused_by IS NULL AND returned_at IS NULL;
CREATE INDEX idx_vps_purchases_price ON vps_purchases (plan_id, purchase_id DESC) WHERE state = 'bought' AND price_cents IS NOT NULL;
