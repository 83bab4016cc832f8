-- Fans who bring fans: each one's link, and who came by whose until she is credited or ninety days are over. The record says who
-- brought whom once the newcomer contributed, and only where she was told of it and did not say no.

create table vault.bringers (
    member text collate "C" primary key references vault.members on delete cascade,
    -- What her link ends with. It opens nothing; whoever has it reads her name.
    code text collate "C" unique not null,
    made_at timestamptz not null default now(),
    -- How many joined by a link of hers, also by one that was renewed since.
    came integer not null default 0
);

create table vault.arrivals (
    newcomer text collate "C" primary key references vault.members on delete cascade,
    by_member text collate "C" not null references vault.members on delete cascade,
    at timestamptz not null default now()
);
create index on vault.arrivals (by_member);
create index on vault.arrivals (at);

-- Whose link it was that somebody asked for this one with; kept until the link is used or forgotten.
alter table vault.links add column brought_by text collate "C" references vault.members on delete set null;
create index on vault.links (brought_by) where brought_by is not null;

-- Newcomers, the earliest first.
create index on vault.members (joined_at) where recorded;
