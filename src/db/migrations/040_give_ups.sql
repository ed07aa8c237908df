-- Each giving up of a VPS: who asked for it and why, what has been done, and the VM that stays paid until its term ends.
CREATE TABLE vps_give_ups (
  give_up_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id TEXT NOT NULL,
  username TEXT NOT NULL,
  hostname TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  wipe BOOLEAN NOT NULL,
  -- What the record goes back to if it is cancelled in time.
  previous_status TEXT NOT NULL,
  requested_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  due_at TIMESTAMPTZ NOT NULL,
  cancelled_at TIMESTAMPTZ,

  plan_id TEXT NOT NULL,
  template_id INTEGER NOT NULL,
  data_center_id INTEGER NOT NULL,
  vm_id BIGINT,
  subscription_id TEXT,
  paid_until TIMESTAMPTZ,

  -- The steps, each written when it is done. A wipe counts once its action has succeeded.
  started_at TIMESTAMPTZ,
  stack_removed_at TIMESTAMPTZ,
  wipe_action_id BIGINT,
  wiped_at TIMESTAMPTZ,
  stopped_at TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,

  -- The user who has got the wiped VM, or why nobody gets it.
  reused_by TEXT,
  reused_at TIMESTAMPTZ,
  unusable_because TEXT,

  CHECK (wiped_at IS NULL OR wipe_action_id IS NOT NULL),
  CHECK ((reused_by IS NULL) = (reused_at IS NULL)),
  CHECK (reused_by IS NULL OR (ended_at IS NOT NULL AND wiped_at IS NOT NULL AND stopped_at IS NOT NULL))
);

CREATE UNIQUE INDEX idx_vps_give_ups_open ON vps_give_ups (user_id) WHERE ended_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX idx_vps_give_ups_vm ON vps_give_ups (vm_id);
CREATE INDEX idx_vps_give_ups_reused_by ON vps_give_ups (reused_by) WHERE reused_by IS NOT NULL;
