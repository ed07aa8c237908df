-- When the credentials that were last stored to be shown were made, as their stack tells it: others, made anew under the
-- same rotation, are told apart by it. NULL: not known, they were stored by a version before.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS credentials_made_at TIMESTAMPTZ;
