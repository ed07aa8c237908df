-- Users' VMs that were locked, or at something that passes by itself, whenever a sweep looked: since when, and how often in a row.
CREATE TABLE vps_passing_vms (
  vm_id      BIGINT PRIMARY KEY,
  first_seen TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  looks      INT NOT NULL DEFAULT 1
);
