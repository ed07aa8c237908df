-- Users who are ready, and for whom new credentials were asked that no run has made yet.
CREATE INDEX idx_user_vps_unmade_rotation ON user_vps (updated_at)
  WHERE is_managed AND NOT is_pooled AND status = 'ready' AND credentials_rotation > first_rotation AND credentials_saved_rotation < credentials_rotation;
