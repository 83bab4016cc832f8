-- What each process tells of itself every few seconds, for the metrics and the operator's page. Unlogged: after a crash of PostgreSQL
-- nothing in it is true any more, and nothing of it belongs into a backup's write-ahead log.

create unlogged table platform.running (
    name text collate "C" primary key,
    kind text not null,
    version text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    figures bytea not null,
    faults bytea not null
);
