-- How many VPSs of a roll-out are in which status is counted by an index alone.
CREATE INDEX idx_vps_roll_out_members_status ON vps_roll_out_members (roll_out_id, status);
