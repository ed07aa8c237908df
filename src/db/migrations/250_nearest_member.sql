-- Where the service had chosen, before the user got a pool's VPS in the next nearest data center; null: the VPS is there.
ALTER TABLE user_vps ADD COLUMN nearest_data_center_id INTEGER;
