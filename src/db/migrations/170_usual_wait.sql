-- How long what is waited for took others: the median of the last waits when this one began; not known before anybody waited.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS waiting_usual_seconds DOUBLE PRECISION;
