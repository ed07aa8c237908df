-- Whoever notifies within a transaction has all others that do wait until its commit is on the disk (PreCommit_Notify in
-- PostgreSQL's commands/async.c). A rush of signups would go one by one: they are told of after their transactions.
CREATE OR REPLACE FUNCTION user_vps_tell() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('user_vps.told_later', true), '') <> 'on' THEN PERFORM pg_notify('user_vps_changed', NEW.user_id::text); END IF;
  RETURN NULL;
END
$$;
