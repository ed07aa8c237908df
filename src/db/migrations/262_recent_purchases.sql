-- On the way of every signup: what was bought in the last days, and what a roll-out still has for a VPS.
CREATE INDEX idx_vps_purchases_bought_at ON vps_purchases (bought_at) WHERE state = 'bought';
CREATE INDEX idx_vps_roll_out_members_open ON vps_roll_out_members (user_id) WHERE status IN ('waiting', 'running');
