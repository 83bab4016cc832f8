-- Checkpoints that were published, as they were published: what an auditor can compare with what she kept. They are thinned with age.

create table notary.checkpoints (
    partition integer not null,
    size bigint not null,
    root bytea not null,
    signed_at timestamptz not null default now(),
    -- The signed note, byte for byte, with the cosignatures that it had last.
    note bytea not null,
    -- Whether a witness is among its signers: of many that are thinned to one, such a one stays.
    cosigned boolean not null default false,
    primary key (partition, size)
);
create index on notary.checkpoints (signed_at);
