-- Settings that an admin makes in the browser and that may not be in the record, invitations, and who saved a draft last.

create table vault.settings (
    name text collate "C" primary key,
    -- As JSON; a password stands in it as it is, since whoever can read the vault can read the key that would open it, too.
    body jsonb not null,
    changed_at timestamptz not null default now()
);
create table vault.invitations (
    hash bytea primary key,
    email text collate "C" not null,
    role text collate "C" not null,
    by_member text collate "C" not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on vault.invitations (email);
alter table vault.settings alter column body set statistics 0;
alter table vault.invitations alter column email set statistics 0;
alter table desk.drafts add column changed_by text collate "C";
