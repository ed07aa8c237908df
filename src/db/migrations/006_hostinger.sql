-- migrations/006_hostinger.sql

-- Store Hostinger-specific VPS metadata
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS hostinger_vm_id BIGINT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS hostinger_order_id TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS plan_id TEXT;
ALTER TABLE user_vps ADD COLUMN IF NOT EXISTS data_center_id INTEGER;

CREATE INDEX IF NOT EXISTS idx_user_vps_hostinger_vm_id ON user_vps(hostinger_vm_id);
