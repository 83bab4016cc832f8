-- Members: whether the record has heard of each, and what the sender of mail and the sign-in links look things up by.

-- A member is written here first and then joins the record; a crash in between is seen here and finished at her next sign-in.
alter table vault.members add column recorded boolean not null default false;
create index on vault.links (email, expires_at);
create index on vault.outbox (next_try_at, id) where sent_at is null;
