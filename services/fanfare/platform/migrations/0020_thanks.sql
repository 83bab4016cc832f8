-- Thank-yous: private words of hosts, to whom they go, and what came back. The record says who thanked whom and when, nothing else.

create table vault.thanks (
    id text collate "C" primary key,
    by_member text collate "C" not null references vault.members on delete cascade,
    words text not null,
    question text not null default '',
    -- The segment's name; empty where it goes to one fan.
    segment text collate "C" not null default '',
    written_at timestamptz not null default now()
);
create index on vault.thanks (by_member, written_at desc);

create table vault.thanked (
    thanks text collate "C" not null references vault.thanks on delete cascade,
    member text collate "C" not null references vault.members on delete cascade,
    -- What goes into the record at once: set when it is written, so that a run after a crash carries out the same.
    portion integer not null,
    delivered_at timestamptz,
    mailed boolean not null default false,
    opened_at timestamptz,
    answered_at timestamptz,
    answer text not null default '',
    -- When the writer of the thank-you wrote to this fan again.
    written_back_at timestamptz,
    primary key (thanks, member)
);
create index on vault.thanked (member, delivered_at desc);
create index on vault.thanked (thanks, portion) where delivered_at is null;
alter table vault.thanks alter column words set statistics 0, alter column question set statistics 0;
alter table vault.thanked alter column answer set statistics 0;

-- Whether thank-yous and kudos come to her by mail, too.
alter table vault.members add column thanks_by_mail boolean not null default true;

-- Where a mail program unsubscribes its reader with one press (RFC 8058); null for mail that is not of that kind.
alter table vault.outbox add column unsubscribe text;
alter table vault.outbox alter column unsubscribe set statistics 0;
