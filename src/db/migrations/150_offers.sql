-- What Hostinger offers, as a worker last read it: what answers HTTP has no token for Hostinger's API.
CREATE TABLE vps_offers (
  only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
  -- Shape: Catalog in providers/hostinger/api/live-catalog.ts.
  catalog JSONB NOT NULL,
  read_at TIMESTAMPTZ NOT NULL
);
