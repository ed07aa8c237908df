-- Credentials that wait to be shown once: AES-256-GCM with the user id as associated data, deleted when shown.
CREATE TABLE vps_credentials (
  user_id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  saved_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
