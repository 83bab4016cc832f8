-- Pictures, erasable one by one; the record holds only their salted hashes, and their bytes lie with the objects.

create table record.pictures (
    hash text collate "C" primary key,
    salt bytea not null,
    -- Width and height of each size, by its name.
    sizes jsonb not null,
    member text collate "C" not null,
    kept_at timestamptz not null default now()
);
create index on record.pictures (member);
create index on record.pictures (kept_at);
alter table record.pictures alter column salt set statistics 0;

-- Whose objects are still to be deleted. Written in the transaction that deletes the picture, so no crash forgets them.
create table desk.litter (picture text collate "C" primary key);

create function desk.leave_litter() returns trigger language plpgsql as $$
begin
    insert into desk.litter select hash from gone on conflict do nothing;
    return null;
end $$;
create trigger pictures_leave_litter after delete on record.pictures
    referencing old table as gone for each statement execute function desk.leave_litter();
