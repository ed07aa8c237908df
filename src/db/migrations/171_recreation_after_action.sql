-- The newest action of the VM before a wipe was ordered (0: it had none): what comes after it is this wipe, whatever clocks say.
-- Null: none was asked for, or by a version before, whose wipes count from recreation_asked_at on.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS recreation_after_action BIGINT;
