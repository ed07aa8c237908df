-- Who chose the data center, and which were out of stock: what the service chose itself, it may choose anew. null: a row of before.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS data_center_chosen_by TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS data_centers_tried INTEGER[] NOT NULL DEFAULT '{}';
