-- How often the release of a roll-out's member was taken up again after its run had been cut off.
ALTER TABLE vps_roll_out_members ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
