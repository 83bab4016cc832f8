-- The record, the vault and the desk. Read models are not here: projections make their own tables and can be rebuilt.

create schema record;
create table record.entries (
    partition integer not null,
    "offset" bigint not null,
    body bytea not null check (octet_length(body) <= 61440),
    primary key (partition, "offset")
);
alter table record.entries alter column body set storage external;

-- Texts, erasable one by one; the record holds only their salted hashes.
create table record.texts (
    hash text collate "C" primary key,
    salt bytea not null,
    text text not null,
    member text collate "C"
);

-- The vault: everything that may have to be forgotten, and every key.
create schema vault;
create table vault.keys (name text collate "C" primary key, key bytea not null);
create table vault.members (
    id text collate "C" primary key,
    email text collate "C" unique,
    name text not null,
    secret bytea not null,
    simulated boolean not null default false,
    joined_at timestamptz not null default now()
);
create table vault.round_keys (round text collate "C" primary key, key bytea not null);
create table vault.took_part (
    round text collate "C", member text collate "C",
    primary key (round, member)
);
create table vault.links (
    hash bytea primary key,
    email text collate "C" not null,
    purpose text not null,
    next text not null default '/',
    expires_at timestamptz not null,
    used_at timestamptz
);
create table vault.sessions (
    hash bytea primary key,
    member text collate "C" not null references vault.members on delete cascade,
    kind text not null check (kind in ('browser', 'token')),
    label text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on vault.sessions (member);
create table vault.outbox (
    id bigint generated always as identity primary key,
    recipient text not null,
    subject text not null,
    body text not null,
    unique_key text collate "C" unique,
    created_at timestamptz not null default now(),
    attempts integer not null default 0,
    next_try_at timestamptz not null default now(),
    sent_at timestamptz,
    failure text
);

-- The desk: work in hand that is no part of the record.
create schema desk;
create table desk.drafts (
    id text collate "C" primary key,
    body jsonb not null,
    version integer not null,
    by_member text collate "C" not null,
    changed_at timestamptz not null default now()
);
create table desk.requests (
    key_hash bytea primary key,
    request_hash bytea not null,
    status integer,
    answer bytea,
    created_at timestamptz not null default now()
);
-- The latest paper each voter handed in: claimed before the append, so two tabs never hand in the same number.
create table desk.papers (
    round text collate "C", voter text collate "C",
    number integer not null,
    event_id text collate "C" not null,
    key_hash bytea not null,
    primary key (round, voter)
) with (fillfactor = 70);
-- Reports as they were published at the sealing, byte for byte.
create table desk.reports (
    digest text collate "C" primary key,
    round text collate "C" not null,
    body bytea not null
);
