-- Tables that fill beside those that are read, to be swapped in when they are level.

alter table platform.projections
    -- Of a row with the suffix _next: the projection whose tables these will replace. Null: the tables that are read.
    add column fills text collate "C" references platform.projections on delete cascade,
    -- When the tables were made; null where that was asked for and is still to be done.
    add column begun_at timestamptz,
    -- When these tables took the place of others; null for those of the first start.
    add column filled_at timestamptz;
update platform.projections set begun_at = now();
