-- Runs that make a snapshot; the operations are those of src/records/runs.ts.
ALTER TABLE vps_runs DROP CONSTRAINT IF EXISTS vps_runs_operation_check;
ALTER TABLE vps_runs ADD CONSTRAINT vps_runs_operation_check CHECK (operation IN ('up', 'destroy', 'refresh', 'preview', 'power', 'snapshot'));
