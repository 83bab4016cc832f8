-- Ways in beside the mail link, changes of address, and what may be used once.

create table vault.passkeys (
    credential bytea primary key,
    member text collate "C" not null references vault.members on delete cascade,
    public_key bytea not null,
    -- What the device counts at each use; 0 for ever on those that do not count.
    sign_count bigint not null,
    transports text[] not null default '{}',
    name text not null,
    created_at timestamptz not null default now(),
    used_at timestamptz
);
create index on vault.passkeys (member);
alter table vault.passkeys alter column credential set statistics 0, alter column public_key set statistics 0,
    alter column name set statistics 0;

-- Whose address a link changes or puts back; null where the address itself says who it is.
alter table vault.links add column member text collate "C" references vault.members on delete cascade;
create index on vault.links (member) where member is not null;

-- Whether others may read her page.
alter table vault.members add column shown boolean not null default true;

-- What was sealed for one use and has been used: challenges of passkeys, of proofs of work, forms that were waited for.
create table vault.spent (
    hash bytea primary key,
    ends_at timestamptz not null
);
create index on vault.spent (ends_at);
