-- By which a trace goes on after a wait (W3C Trace Context); null: nothing was traced.
ALTER TABLE vps_runs ADD COLUMN traceparent TEXT;
