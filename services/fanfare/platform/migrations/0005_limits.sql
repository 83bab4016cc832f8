-- Limits that hold over all processes: a count for each key in each hour or day. Keys are hashes under the vault's key.

create table vault.limits (
    key bytea primary key,
    used integer not null check (used >= 0),
    ends_at timestamptz not null
);
create index on vault.limits (ends_at);
