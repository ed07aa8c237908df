-- Operators' sessions that were ended by logging out, until they would have ended by themselves: a session is sealed in its cookie, and known here only then.
CREATE TABLE vps_ended_sessions (
  session_id TEXT PRIMARY KEY,
  expires_at TIMESTAMPTZ NOT NULL
);
