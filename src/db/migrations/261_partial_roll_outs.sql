-- A roll-out to users who were named does not make its release everybody's. Of earlier ones nobody knows: they count as before.
ALTER TABLE vps_roll_outs ADD COLUMN only_some BOOLEAN NOT NULL DEFAULT false;
