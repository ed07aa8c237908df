-- VPSs of a roll-out that is long over are removed; how many there were in each status stays told.
ALTER TABLE vps_roll_outs
  ADD COLUMN removed_succeeded INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN removed_failed INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN removed_skipped INTEGER NOT NULL DEFAULT 0;
