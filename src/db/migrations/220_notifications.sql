-- What is told to people and programs outside (docs/notifications.md).
--
--     a change ── triggers, in its transaction ──> an event ── a worker ──> a message a target that wants it ──> delivered
--                                                                                                         └──> given_up, after days
CREATE TABLE vps_notification_events (
  event_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- See src/config/notification-types.ts.
  type TEXT NOT NULL,
  -- null: it is not about one user.
  username TEXT,
  -- Holds no secret.
  data JSONB NOT NULL,
  occurred_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  -- What many would tell at once, as a cap that is reached, is told once.
  once_key TEXT UNIQUE,
  -- For this target alone, whatever it wants: a test.
  only_target TEXT,
  -- When messages were made of it.
  handed_on_at TIMESTAMPTZ
);
CREATE INDEX idx_vps_notification_events_new ON vps_notification_events (event_id) WHERE handed_on_at IS NULL;
CREATE INDEX idx_vps_notification_events_old ON vps_notification_events (occurred_at);

-- The targets of the worker that was started last: secrets stay in its settings.
CREATE TABLE vps_notification_targets (
  name TEXT PRIMARY KEY,
  format TEXT NOT NULL CHECK (format IN ('webhook', 'slack', 'email')),
  -- Where it is, without what would let others write there.
  address TEXT NOT NULL,
  events TEXT[] NOT NULL,
  -- Of all its settings: another one is another target, which has not failed yet.
  fingerprint TEXT NOT NULL,
  -- Since it last took something.
  failures INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  -- Nothing is tried before.
  retry_at TIMESTAMPTZ,
  answered_at TIMESTAMPTZ,
  -- It has said that it is gone (410): nothing is tried until an operator resumes it, or its settings change.
  paused_at TIMESTAMPTZ,
  -- It is not in the settings any more.
  removed_at TIMESTAMPTZ
);

CREATE TABLE vps_notifications (
  notification_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The same for each try: by it a receiver knows what it has already.
  message_id TEXT NOT NULL UNIQUE,
  target TEXT NOT NULL,
  -- What must not overtake each other within a target; '': all.
  ordering TEXT NOT NULL,
  -- [{type, at, username, data}], as they will be sent, whenever.
  events JSONB NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  -- From then on it counts how long it has not been delivered: made, or asked for again.
  pending_since TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  next_attempt_at TIMESTAMPTZ NOT NULL,
  -- A worker is at it; one that died has lost it then.
  claimed_until TIMESTAMPTZ,
  last_error TEXT,
  delivered_at TIMESTAMPTZ,
  CHECK (state <> 'delivered' OR delivered_at IS NOT NULL)
);
CREATE INDEX idx_vps_notifications_due ON vps_notifications (target, next_attempt_at, notification_id) WHERE state = 'pending';
CREATE INDEX idx_vps_notifications_order ON vps_notifications (target, ordering, notification_id) WHERE state = 'pending';
CREATE INDEX idx_vps_notifications_given_up ON vps_notifications (target) WHERE state = 'given_up';
CREATE INDEX idx_vps_notifications_target ON vps_notifications (target, notification_id DESC);
CREATE INDEX idx_vps_notifications_old ON vps_notifications (created_at);

CREATE FUNCTION vps_notify_user() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_notification_events (type, username, data)
  VALUES (CASE NEW.status WHEN 'ready' THEN 'vps.ready' WHEN 'failed' THEN 'vps.failed' ELSE 'vps.given_up' END, NEW.username, jsonb_strip_nulls(jsonb_build_object(
    'userId', NEW.user_id::text, 'username', NEW.username, 'hostname', NEW.hostname,
    'url', CASE NEW.status WHEN 'ready' THEN NEW.url END, 'address', CASE NEW.status WHEN 'ready' THEN NEW.address END,
    'isFirst', CASE NEW.status WHEN 'ready' THEN OLD.ready_at IS NULL END,
    'code', CASE NEW.status WHEN 'failed' THEN NEW.error_code END, 'reason', CASE NEW.status WHEN 'failed' THEN NEW.reason END, 'next', CASE NEW.status WHEN 'failed' THEN NEW.next_step END)));
  RETURN NULL;
END
$$;
CREATE TRIGGER user_vps_notify AFTER UPDATE ON user_vps FOR EACH ROW
  WHEN (NEW.is_managed AND OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('ready', 'failed', 'deprovisioned'))
  EXECUTE FUNCTION vps_notify_user();

CREATE FUNCTION vps_notify_purchase() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_notification_events (type, username, data)
  VALUES ('purchase.' || NEW.state, NEW.username, jsonb_strip_nulls(jsonb_build_object(
    'userId', NEW.user_id, 'username', NEW.username, 'hostname', NEW.hostname, 'purchaseId', NEW.purchase_id, 'plan', NEW.plan_id,
    'orderId', NEW.order_id, 'subscriptionId', NEW.subscription_id, 'priceCents', NEW.price_cents, 'currency', NEW.currency,
    'evidence', CASE NEW.state WHEN 'uncertain' THEN NEW.evidence END)));
  RETURN NULL;
END
$$;
CREATE TRIGGER vps_purchases_notify AFTER UPDATE ON vps_purchases FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('uncertain', 'awaiting_payment'))
  EXECUTE FUNCTION vps_notify_purchase();

-- However many wait: once a day a cap.
CREATE FUNCTION vps_notify_cap() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_notification_events (type, data, once_key)
  VALUES ('cap.reached', jsonb_build_object('cap', NEW.waits_for, 'firstUsername', NEW.username), format('cap %s %s', NEW.waits_for, (clock_timestamp() AT TIME ZONE 'UTC')::date))
  ON CONFLICT (once_key) DO NOTHING;
  RETURN NULL;
END
$$;
CREATE TRIGGER vps_purchases_notify_cap AFTER UPDATE ON vps_purchases FOR EACH ROW
  WHEN (NEW.state = 'waiting' AND OLD.waits_for IS DISTINCT FROM NEW.waits_for
    AND NEW.waits_for IN ('purchases_per_day', 'spend_per_month', 'fleet_limit', 'price', 'payment_method', 'zone', 'zone_records', 'certificates'))
  EXECUTE FUNCTION vps_notify_cap();

CREATE FUNCTION vps_notify_breaker() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_notification_events (type, data)
  VALUES (CASE NEW.state WHEN 'closed' THEN 'breaker.closed' ELSE 'breaker.opened' END,
    jsonb_strip_nulls(jsonb_build_object('reason', NEW.reason, 'refusals', CASE NEW.state WHEN 'closed' THEN OLD.refusals ELSE NEW.refusals END, 'nextTryAt', NEW.next_probe_at)));
  RETURN NULL;
END
$$;
CREATE TRIGGER vps_purchase_breaker_notify AFTER UPDATE ON vps_purchase_breaker FOR EACH ROW
  WHEN ((OLD.state = 'closed') <> (NEW.state = 'closed'))
  EXECUTE FUNCTION vps_notify_breaker();

CREATE FUNCTION vps_notify_roll_out() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_notification_events (type, data)
  SELECT 'roll_out.stopped', jsonb_build_object('rollOutId', NEW.roll_out_id, 'version', NEW.version, 'requestedBy', NEW.requested_by, 'maxFailures', NEW.max_failures,
    'failed', count(*), 'failures', coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('username', username, 'code', error_code, 'reason', message)) ORDER BY ended_at, username) FILTER (WHERE place <= 20), '[]'))
  FROM (SELECT *, row_number() OVER (ORDER BY ended_at, username) AS place FROM vps_roll_out_members WHERE roll_out_id = NEW.roll_out_id AND status = 'failed') AS failed;
  RETURN NULL;
END
$$;
CREATE TRIGGER vps_roll_outs_notify AFTER UPDATE ON vps_roll_outs FOR EACH ROW
  WHEN (OLD.outcome IS NULL AND NEW.outcome = 'stopped')
  EXECUTE FUNCTION vps_notify_roll_out();

-- All that one statement finds is one event a type; of very many, the first hundred are named.
CREATE FUNCTION vps_notify_findings() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  WITH typed AS (
    SELECT *, CASE WHEN kind = 'PaymentMethodEnds' THEN 'payment_method.ends' WHEN kind IN ('SubscriptionEndsSoon', 'AutoRenewalOff') THEN 'subscription.ends' ELSE 'findings.new' END AS type FROM found
  ), placed AS (
    SELECT *, row_number() OVER (PARTITION BY type ORDER BY finding_id) AS place FROM typed
  ), counted AS (
    SELECT type, jsonb_object_agg(kind, of_kind) AS kinds FROM (SELECT type, kind, count(*) AS of_kind FROM typed GROUP BY type, kind) AS each_kind GROUP BY type
  )
  INSERT INTO vps_notification_events (type, data)
  SELECT type, jsonb_build_object('total', count(*), 'kinds', min(counted.kinds::text)::jsonb,
    'findings', jsonb_agg(jsonb_build_object('findingId', finding_id, 'kind', kind, 'subject', subject, 'username', username, 'declared', declared, 'actual', actual) ORDER BY place) FILTER (WHERE place <= 100))
  FROM placed JOIN counted USING (type) GROUP BY type;
  RETURN NULL;
END
$$;
CREATE TRIGGER vps_findings_notify AFTER INSERT ON vps_findings REFERENCING NEW TABLE AS found FOR EACH STATEMENT
  EXECUTE FUNCTION vps_notify_findings();
