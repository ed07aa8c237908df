-- Whether a host name is that of an older backend's user is asked with every signup.
CREATE INDEX idx_user_vps_older_hostnames ON user_vps (lower(hostname)) WHERE NOT is_managed;
