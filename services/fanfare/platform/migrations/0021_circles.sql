-- Circles: briefs and the notes below them, for who belongs alone, and invitations that are on their way. The record says that a
-- brief was shared, when and by whom, and who was invited; none of these words.

create table vault.briefs (
    id text collate "C" primary key,
    circle text collate "C" not null,
    -- The brand's own: it stays when its author leaves, without her name.
    by_member text collate "C" references vault.members on delete set null,
    title text not null,
    words text not null,
    written_at timestamptz not null default now(),
    -- When the record said so; nobody reads it before.
    shared_at timestamptz
);
create index on vault.briefs (circle, shared_at desc);

create table vault.notes (
    id text collate "C" primary key,
    brief text collate "C" not null references vault.briefs on delete cascade,
    member text collate "C" not null references vault.members on delete cascade,
    words text not null,
    written_at timestamptz not null default now(),
    hidden_at timestamptz,
    hidden_by text collate "C" references vault.members on delete set null,
    hidden_why text not null default ''
);
create index on vault.notes (brief, written_at);
create index on vault.notes (member);

-- What a member told hosts and moderators of a note.
create table vault.note_reports (
    note text collate "C" not null references vault.notes on delete cascade,
    member text collate "C" not null references vault.members on delete cascade,
    at timestamptz not null default now(),
    settled_at timestamptz,
    primary key (note, member)
);
create index on vault.note_reports (note) where settled_at is null;

create table vault.circle_invitations (
    circle text collate "C" not null,
    member text collate "C" not null references vault.members on delete cascade,
    -- Odd: invited; even: taken back.
    turn integer not null,
    -- The segment's name, or by-name.
    chosen text collate "C" not null,
    -- The hash of the reason, whose text is public.
    reason text collate "C" not null,
    by_member text collate "C" not null references vault.members on delete cascade,
    invited_at timestamptz not null default now(),
    delivered_at timestamptz,
    mailed boolean not null default false,
    primary key (circle, member)
);
create index on vault.circle_invitations (circle) where delivered_at is null;
alter table vault.briefs alter column title set statistics 0, alter column words set statistics 0;
alter table vault.notes alter column words set statistics 0, alter column hidden_why set statistics 0;
