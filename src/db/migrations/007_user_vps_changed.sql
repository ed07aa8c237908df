-- Every change of a row counts its version up and is told to all processes that listen.
CREATE OR REPLACE FUNCTION user_vps_count_version() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION user_vps_tell() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('user_vps_changed', NEW.user_id::text);
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER user_vps_count_version BEFORE UPDATE ON user_vps
  FOR EACH ROW EXECUTE FUNCTION user_vps_count_version();
CREATE OR REPLACE TRIGGER user_vps_tell AFTER INSERT OR UPDATE ON user_vps
  FOR EACH ROW WHEN (NEW.user_id IS NOT NULL) EXECUTE FUNCTION user_vps_tell();
