-- What members told moderators in private: one flag of each member and content, and the questions of authors whose words are hidden.
-- None of it is in the record; it is deleted with the member.

create table desk.flags (
    content text collate "C" not null,
    member text collate "C" not null,
    kind text not null check (kind in ('idea', 'comment')),
    campaign text collate "C" not null,
    idea text collate "C" not null,
    rule text collate "C",
    words text not null default '',
    at timestamptz not null default now(),
    settled_at timestamptz,
    settled_by text collate "C",
    left_alone boolean not null default false,
    primary key (content, member)
);
-- The queue: what nobody has settled, the oldest first.
create index on desk.flags (at) where settled_at is null;
create index on desk.flags (settled_at) where left_alone;
create index on desk.flags (member);
create index on desk.flags (campaign);
alter table desk.flags alter column words set statistics 0;
