-- Who or what had a user's runs of an operation last asked for: runs that follow (the next try, after a wait) have the same cause.
CREATE TABLE vps_causes (
  user_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  -- An operator's user id, the user's own, or `automatic`.
  requested_by TEXT NOT NULL,
  reason TEXT,
  asked_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, operation)
);

-- Of each run, as it was when it began: `{ kind, requestedBy, reason }`; null: not known, as of runs by versions before.
ALTER TABLE vps_runs ADD COLUMN cause JSONB;
