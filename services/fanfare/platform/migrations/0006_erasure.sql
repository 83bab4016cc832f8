-- Erasure: what has to be found by its member is found quickly, and no statistics keep what a person wrote or is called.

create index on record.texts (member);
create index on vault.took_part (member);
-- Presses of the support button stand here under the member's id (16 digits), ballots under a token (32), which no erasure looks for.
create index on desk.papers (voter) where octet_length(voter) < 32;

-- PostgreSQL copies common values into its statistics, where a delete does not reach them.
alter table record.texts alter column text set statistics 0, alter column salt set statistics 0;
alter table vault.members alter column email set statistics 0, alter column name set statistics 0, alter column secret set statistics 0;
alter table vault.links alter column email set statistics 0, alter column next set statistics 0;
alter table vault.sessions alter column label set statistics 0;
alter table vault.outbox alter column recipient set statistics 0, alter column subject set statistics 0,
    alter column body set statistics 0, alter column failure set statistics 0;
alter table desk.drafts alter column body set statistics 0;
alter table desk.papers alter column event_id set statistics 0;
