-- Rewards: what a fan says of herself when she accepts one. The record says who was offered what, who accepted and how far it came;
-- it never holds an age, a country, an address or a guardian.

create table vault.offer_answers (
    offer text collate "C" primary key,
    member text collate "C" not null references vault.members on delete cascade,
    declared_at timestamptz not null default now(),
    -- What follows from her date of birth, which is not kept. The first that she says of an offer stands.
    age text collate "C" not null check (age in ('old-enough', 'needs-guardian', 'too-young')),
    country text collate "C" not null default '',
    name text not null default '',
    lines text not null default '',
    guardian_name text not null default '',
    guardian_email text not null default '',
    guardian_mails integer not null default 0,
    -- Of the link that was sent last; it opens nothing once it is answered.
    guardian_hash bytea unique,
    guardian_until timestamptz,
    consented_at timestamptz
);
create index on vault.offer_answers (member);
alter table vault.offer_answers alter column name set statistics 0, alter column lines set statistics 0,
    alter column guardian_name set statistics 0, alter column guardian_email set statistics 0;

-- Each time that a host saw a postal address.
create table vault.address_looks (
    offer text collate "C" not null,
    member text collate "C" not null references vault.members on delete cascade,
    by_member text collate "C" references vault.members on delete set null,
    at timestamptz not null default now()
);
create index on vault.address_looks (member, at);
create index on vault.address_looks (by_member);
create index on vault.address_looks (at);
