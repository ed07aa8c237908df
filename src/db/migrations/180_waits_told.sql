-- A wait that begins is told, so that whoever watches need not look again and again.
CREATE FUNCTION vps_waits_tell() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('user_vps_waits', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER vps_waits_tell AFTER INSERT OR UPDATE OF state ON vps_waits
  FOR EACH ROW WHEN (NEW.state = 'watched') EXECUTE FUNCTION vps_waits_tell();
