-- Whether a run may have bought what vps_purchases does not tell: so with versions before those books, which do not write
-- this column. Of any other run the books tell, however it ended.
ALTER TABLE vps_runs ADD COLUMN IF NOT EXISTS may_buy_unbooked BOOLEAN NOT NULL DEFAULT true;
