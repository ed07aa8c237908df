-- What operators have asked for by HTTP: who, what, about whom and why; written down before it is done.
CREATE TABLE vps_operator_actions (
  action_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asked_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  requested_by TEXT NOT NULL,
  path TEXT NOT NULL,
  -- null: it is not about one user.
  username TEXT,
  reason TEXT,
  request_id TEXT NOT NULL,
  -- HTTP status of the answer; null: the process died before it could answer.
  status INTEGER
);

CREATE INDEX idx_vps_operator_actions_username ON vps_operator_actions (username, action_id DESC);
