-- Whether a host name is one that somebody may go back to, by cancelling a rename, is asked with every signup.
CREATE INDEX idx_vps_changes_open_hostname ON vps_changes ((declared_before ->> 'hostname')) WHERE ended_at IS NULL;
