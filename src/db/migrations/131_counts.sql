-- Counts for metrics and page, kept as what is added and taken away: nobody counts the fleet, and no
-- two transactions wait for each other over a sum. Whoever reads them draws them together now and then.
--   users            by status
--   held             who has been ready and has not given the VPS up
--   vms              by plan: who has one and has not given it up
--   seconds to ready by bound ('30' to '3600', '+Inf'): who was ready within so many seconds
--   runs             by 'operation outcome'; only grows
CREATE TABLE vps_counts (
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  delta BIGINT NOT NULL
);

CREATE FUNCTION user_vps_count_row(given user_vps, sign INTEGER) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_counts VALUES ('users', given.status, sign);
  IF given.hostinger_vm_id IS NOT NULL AND given.status <> 'deprovisioned' THEN INSERT INTO vps_counts VALUES ('vms', given.plan_id, sign); END IF;
  IF given.ready_at IS NULL THEN RETURN; END IF;
  IF given.status <> 'deprovisioned' THEN INSERT INTO vps_counts VALUES ('held', '', sign); END IF;
  INSERT INTO vps_counts VALUES ('seconds to ready', '+Inf', sign);
  INSERT INTO vps_counts SELECT 'seconds to ready', bound::text, sign FROM unnest(ARRAY[30, 60, 120, 300, 600, 900, 1800, 3600]) AS bound
    WHERE extract(epoch FROM given.ready_at - given.requested_at) <= bound;
END
$$;

CREATE FUNCTION user_vps_count() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.is_managed THEN PERFORM user_vps_count_row(OLD, -1); END IF;
  IF TG_OP <> 'DELETE' AND NEW.is_managed THEN PERFORM user_vps_count_row(NEW, 1); END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION vps_runs_count() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vps_counts VALUES ('runs', NEW.operation || ' ' || NEW.outcome, 1);
  RETURN NULL;
END
$$;

CREATE TRIGGER user_vps_count_new AFTER INSERT OR DELETE ON user_vps FOR EACH ROW EXECUTE FUNCTION user_vps_count();
CREATE TRIGGER user_vps_count_changed AFTER UPDATE ON user_vps FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.ready_at IS DISTINCT FROM NEW.ready_at OR OLD.requested_at IS DISTINCT FROM NEW.requested_at
    OR (OLD.hostinger_vm_id IS NULL) <> (NEW.hostinger_vm_id IS NULL) OR OLD.plan_id IS DISTINCT FROM NEW.plan_id OR OLD.is_managed <> NEW.is_managed)
  EXECUTE FUNCTION user_vps_count();
CREATE TRIGGER vps_runs_count_new AFTER INSERT ON vps_runs FOR EACH ROW WHEN (NEW.outcome IS NOT NULL) EXECUTE FUNCTION vps_runs_count();
CREATE TRIGGER vps_runs_count_ended AFTER UPDATE ON vps_runs FOR EACH ROW WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL) EXECUTE FUNCTION vps_runs_count();

-- What is there already.
SELECT user_vps_count_row(user_vps, 1) FROM user_vps WHERE is_managed;
INSERT INTO vps_counts SELECT 'runs', operation || ' ' || outcome, count(*) FROM vps_runs WHERE outcome IS NOT NULL GROUP BY 2;

-- Of a large fleet these are many rows: they are drawn together, as whoever reads them does.
WITH taken AS (DELETE FROM vps_counts RETURNING kind, label, delta)
INSERT INTO vps_counts SELECT kind, label, sum(delta) FROM taken GROUP BY kind, label;
