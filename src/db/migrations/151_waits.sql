-- What a user's VPS waits for while no run holds anything: written when a run ends with NOT_YET, watched by one leader (src/waits).
--
--     a run ends with NOT_YET -> watched -> (it is there, or the limit is over) queued -> the next run ends it
CREATE TABLE vps_waits (
  user_id TEXT PRIMARY KEY,
  username TEXT NOT NULL,
  hostname TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('running', 'health')),
  state TEXT NOT NULL CHECK (state IN ('watched', 'queued')),
  vm_id BIGINT NOT NULL,
  -- Known once the VM runs.
  address TEXT,
  -- The VM's state, or stage and detail of the probe, as last seen.
  seen TEXT NOT NULL,
  -- The same as the run saw it that began to wait.
  seen_by_run TEXT NOT NULL,
  since TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  until TIMESTAMPTZ NOT NULL,
  -- When the last run ended with it.
  ran_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  CHECK (what <> 'health' OR address IS NOT NULL)
);
CREATE INDEX idx_vps_waits_watched ON vps_waits (what) WHERE state = 'watched';

-- How long the last waits took, for the usual time.
CREATE TABLE vps_wait_times (
  wait_time_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  what TEXT NOT NULL,
  seconds DOUBLE PRECISION NOT NULL,
  ended_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_vps_wait_times ON vps_wait_times (what, wait_time_id DESC);

-- Who does what only one may do. A holder that is silent for some seconds, frozen or dead, has lost it.
CREATE TABLE vps_leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  beat_at TIMESTAMPTZ NOT NULL
);
