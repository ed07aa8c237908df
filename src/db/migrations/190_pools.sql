-- Warm pools: VPSs that are bought, installed and healthy before anybody asks for them. See docs/pool.md.
CREATE TABLE vps_pools (
  pool_id TEXT PRIMARY KEY,
  plan_id TEXT NOT NULL,
  data_center_id INTEGER NOT NULL,
  template_id INTEGER NOT NULL,
  -- How many are kept ready; `schedule` has rules for times at which it is another number: src/config/pools.ts.
  keep_ready INTEGER NOT NULL CHECK (keep_ready >= 0),
  schedule TEXT[] NOT NULL DEFAULT '{}',
  -- How many may be bought a day (UTC); null: no limit but those of all purchases.
  most_per_day INTEGER CHECK (most_per_day >= 0),
  -- The states are drawn in src/records/pools.ts.
  state TEXT NOT NULL DEFAULT 'filling' CHECK (state IN ('filling', 'paused', 'draining')),
  -- Members that failed since one was ready last.
  failures INTEGER NOT NULL DEFAULT 0,
  paused_because TEXT,
  -- The operator whose word beats the setting POOLS; null: the setting.
  set_by TEXT,
  set_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (plan_id, data_center_id, template_id),
  CHECK ((state = 'paused') = (paused_because IS NOT NULL))
);

-- Each VPS of a pool. The states are drawn in src/records/pool-members.ts.
CREATE TABLE vps_pool_members (
  -- The user_id of the member's own row in user_vps, by which it is built like any user's VPS.
  member_id TEXT PRIMARY KEY,
  -- Of that row and of its stack.
  username TEXT NOT NULL UNIQUE,
  pool_id TEXT NOT NULL REFERENCES vps_pools,
  state TEXT NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'ready', 'failed', 'claimed', 'delivered', 'set_aside', 'retiring', 'retired')),
  -- A wiped VM that was paid already is to become it: it does not count as bought.
  is_reused BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  ready_at TIMESTAMPTZ,
  vm_id BIGINT,
  paid_until TIMESTAMPTZ,
  -- The user who has its VM.
  claimed_by TEXT,
  claimed_by_username TEXT,
  claimed_at TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  -- Why it failed, was set aside or is retired.
  reason TEXT,
  CHECK (state NOT IN ('ready', 'claimed', 'delivered', 'set_aside') OR vm_id IS NOT NULL),
  CHECK (state NOT IN ('claimed', 'delivered', 'set_aside') OR claimed_by IS NOT NULL)
);

CREATE INDEX idx_vps_pool_members_open ON vps_pool_members (pool_id, state) WHERE state NOT IN ('delivered', 'retired');
CREATE INDEX idx_vps_pool_members_created ON vps_pool_members (pool_id, created_at);
-- A VM has one user at a time.
CREATE UNIQUE INDEX idx_vps_pool_members_vm ON vps_pool_members (vm_id) WHERE state IN ('ready', 'claimed');
CREATE UNIQUE INDEX idx_vps_pool_members_claimed_by ON vps_pool_members (claimed_by) WHERE state = 'claimed';

-- The row is a member's: it stands for no person.
ALTER TABLE user_vps ADD COLUMN is_pooled BOOLEAN NOT NULL DEFAULT false;
-- The pool that was there for the user's wish, and the member that the user has got; null: none was there, or none was left.
ALTER TABLE user_vps ADD COLUMN pool_id TEXT;
ALTER TABLE user_vps ADD COLUMN pool_member_id TEXT;
-- The release that a VPS from a pool, or in it, has from the beginning.
ALTER TABLE user_vps ADD COLUMN first_release TEXT;
CREATE INDEX idx_user_vps_pool ON user_vps (requested_at) WHERE pool_id IS NOT NULL;
CREATE INDEX idx_user_vps_pooled ON user_vps ((user_id::text)) WHERE is_pooled;

-- A member is no user, and nobody waits for it to be ready; its VM is one of the fleet.
CREATE OR REPLACE FUNCTION user_vps_count_row(given user_vps, sign INTEGER) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  IF given.hostinger_vm_id IS NOT NULL AND given.status <> 'deprovisioned' THEN INSERT INTO vps_counts VALUES ('vms', given.plan_id, sign); END IF;
  IF given.is_pooled THEN RETURN; END IF;
  INSERT INTO vps_counts VALUES ('users', given.status, sign);
  IF given.ready_at IS NULL THEN RETURN; END IF;
  IF given.status <> 'deprovisioned' THEN INSERT INTO vps_counts VALUES ('held', '', sign); END IF;
  INSERT INTO vps_counts VALUES ('seconds to ready', '+Inf', sign);
  INSERT INTO vps_counts SELECT 'seconds to ready', bound::text, sign FROM unnest(ARRAY[30, 60, 120, 300, 600, 900, 1800, 3600]) AS bound
    WHERE extract(epoch FROM given.ready_at - given.requested_at) <= bound;
END
$$;
