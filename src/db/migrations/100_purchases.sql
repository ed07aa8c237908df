-- Every purchase of a VPS: for caps, costs and audit. What keeps a second one from being made is the record in the
-- Hostinger account, not this. The states are drawn in src/purchases/purchase.ts.
CREATE TABLE vps_purchases (
  purchase_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id TEXT NOT NULL,
  username TEXT NOT NULL,
  hostname TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  -- The change that wants another VM; null: a signup.
  change_id BIGINT REFERENCES vps_changes ON DELETE SET NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'reserved', 'awaiting_payment', 'uncertain', 'bought', 'refused', 'released', 'written_off')),
  -- Of 'waiting': the guard that holds it back.
  waits_for TEXT,
  -- The order of those who wait.
  asked_at TIMESTAMPTZ NOT NULL,
  -- From here on it counts against the caps.
  reserved_at TIMESTAMPTZ,
  bought_at TIMESTAMPTZ,
  -- When it came to nothing.
  ended_at TIMESTAMPTZ,
  -- What the first term costs by the catalog; null: not known, as of purchases by versions before this table.
  price_cents INTEGER,
  currency TEXT,
  order_id TEXT,
  subscription_id TEXT,
  vm_id BIGINT,
  paid_until TIMESTAMPTZ,
  -- Refused payments of this user's wish so far.
  refusals INTEGER NOT NULL DEFAULT 0,
  -- How often the payment was looked for.
  looks INTEGER NOT NULL DEFAULT 0,
  -- Of a purchase in doubt: what was looked at, and what an operator decided.
  evidence TEXT,
  decision TEXT CHECK (decision IN ('vm', 'buy-again', 'give-up')),
  decided_vm_id BIGINT,
  decided_by TEXT,
  decided_why TEXT,
  decided_at TIMESTAMPTZ,
  CHECK ((decision IS NULL) = (decided_at IS NULL)),
  CHECK ((decision IS NOT DISTINCT FROM 'vm') = (decided_vm_id IS NOT NULL)),
  CHECK (state = 'waiting' OR reserved_at IS NOT NULL OR ended_at IS NOT NULL)
);

CREATE UNIQUE INDEX idx_vps_purchases_open ON vps_purchases (user_id) WHERE state IN ('waiting', 'reserved', 'awaiting_payment', 'uncertain');
CREATE INDEX idx_vps_purchases_waiting ON vps_purchases (asked_at, purchase_id) WHERE state = 'waiting';
CREATE INDEX idx_vps_purchases_reserved_at ON vps_purchases (reserved_at);
CREATE INDEX idx_vps_purchases_user ON vps_purchases (user_id, purchase_id DESC);
CREATE INDEX idx_vps_purchases_paid_until ON vps_purchases (paid_until) WHERE state = 'bought';

-- Whether anything is bought; an operator's word beats the setting PURCHASES. At most one row.
CREATE TABLE vps_purchase_switch (
  only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
  is_on BOOLEAN NOT NULL,
  set_by TEXT NOT NULL,
  reason TEXT,
  set_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- Opened by a refused payment: see src/purchases/breaker.ts. One row.
CREATE TABLE vps_purchase_breaker (
  only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
  state TEXT NOT NULL DEFAULT 'closed' CHECK (state IN ('closed', 'open', 'probing')),
  -- Refused payments since it was last closed.
  refusals INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  opened_at TIMESTAMPTZ,
  next_probe_at TIMESTAMPTZ,
  probe_purchase_id BIGINT REFERENCES vps_purchases,
  CHECK ((state = 'closed') = (opened_at IS NULL)),
  CHECK ((state = 'probing') = (probe_purchase_id IS NOT NULL))
);
INSERT INTO vps_purchase_breaker DEFAULT VALUES;

-- The first certificate of each host name; a later one of the same name does not count against the authority's limit.
CREATE TABLE vps_certificates (
  hostname TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  first_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_vps_certificates_first_at ON vps_certificates (first_at);

-- What a record waits for without a run, as a value: which kind, since when, and the place among those who wait for the same.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS waiting_kind TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS waiting_since TIMESTAMPTZ;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS waiting_place INTEGER;
-- The claim `vps_plans` of the token at signup; null: it had none.
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS allowed_plans TEXT[];

-- Runs that ended because they have to wait.
ALTER TABLE vps_runs DROP CONSTRAINT IF EXISTS vps_runs_outcome_check;
ALTER TABLE vps_runs ADD CONSTRAINT vps_runs_outcome_check CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost', 'waiting'));

-- What earlier versions have bought, as far as it is known: a VM that was taken over wiped was nobody's purchase.
INSERT INTO vps_purchases (user_id, username, hostname, plan_id, state, asked_at, reserved_at, bought_at, order_id, subscription_id, vm_id)
SELECT user_id::text, username, hostname, plan_id, 'bought', at, at, coalesce(ready_at, at), hostinger_order_id, subscription_id, hostinger_vm_id
FROM (SELECT *, coalesce(requested_at, ready_at, updated_at, now()) AS at FROM user_vps) AS vps
WHERE username IS NOT NULL AND hostinger_vm_id IS NOT NULL AND plan_id IS NOT NULL AND hostname IS NOT NULL AND status <> 'deprovisioned'
  AND NOT EXISTS (SELECT FROM vps_give_ups WHERE vps_give_ups.vm_id = vps.hostinger_vm_id AND reused_by = vps.user_id::text);

INSERT INTO vps_certificates (hostname, user_id, first_at)
SELECT hostname, user_id::text, ready_at FROM user_vps WHERE username IS NOT NULL AND hostname IS NOT NULL AND ready_at IS NOT NULL
ON CONFLICT (hostname) DO NOTHING;
