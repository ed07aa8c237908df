-- When somebody asked for the run to end. A NOTIFY alone is heard by nobody if the run's worker is gone or past its engine:
-- whoever ends the run reads this.
ALTER TABLE vps_runs ADD COLUMN cancel_asked_at TIMESTAMPTZ;
