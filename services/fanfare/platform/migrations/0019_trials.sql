-- Trials of drafts of rules: how far each is and what came out, for whichever process is asked. One a host; they are kept an hour.

create table desk.trials (
    member text collate "C" primary key,
    -- Told apart from an earlier or a later trial of hers.
    run text collate "C" not null,
    -- The event that the draft would be, and the form as she filled it in.
    rule bytea not null,
    fields jsonb not null,
    state text not null default 'running' check (state in ('running', 'done', 'failed')),
    done bigint not null default 0,
    entries bigint not null default 0,
    found bytea,
    -- When its process last said how far it is, and when somebody last asked: an unwatched trial ends.
    told_at timestamptz not null default now(),
    asked_at timestamptz not null default now()
);
alter table desk.trials alter column fields set statistics 0;
