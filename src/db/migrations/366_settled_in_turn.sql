-- When it was last tried to tell what became of a reservation whose user is at rest: the next one is another.
ALTER TABLE vps_purchases ADD COLUMN settle_tried_at TIMESTAMPTZ;
