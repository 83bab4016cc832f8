-- The notary: how far the tree of each partition was committed, and who grows it now. Whoever can write here cannot sign; the
-- published checkpoints, outside of this database, tell the notary when these rows were set back.

create schema notary;

create table notary.trees (
    partition integer primary key,
    -- Size and root change together and only from the ones before, so that no size ever has two roots. Nothing larger is signed.
    size bigint not null,
    root bytea not null,
    -- The compact range to go on from, as the ledger packs it.
    edge bytea not null,
    signed_size bigint not null default 0,
    signed_at timestamptz,
    -- Why nothing more is signed; empty while all is well.
    doubt text not null default '',
    -- When all of it was last compared with the record.
    swept_at timestamptz
) with (fillfactor = 50);

create table notary.lease (
    one boolean primary key default true check (one),
    -- One more for each new holder; a commit under an older one changes nothing.
    epoch bigint not null,
    holder text collate "C" not null,
    until timestamptz not null
) with (fillfactor = 50);
insert into notary.lease (epoch, holder, until) values (0, '', '-infinity');
