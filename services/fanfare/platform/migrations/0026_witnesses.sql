-- Witnesses, by partition: how far each cosigned, and since when one is silent. Whoever can write here cannot make a cosignature;
-- those that count stand under the published checkpoints.

create table notary.cosignatures (
    partition integer not null,
    -- Her key, in words.
    witness text collate "C" not null,
    -- Of the checkpoint that she cosigned last; 0 and none before the first.
    size bigint not null default 0,
    -- As she says.
    at timestamptz,
    -- Since when she gives none to what is newer, and what came in place of one; none and empty while all is well.
    silent_since timestamptz,
    why text not null default '',
    primary key (partition, witness)
) with (fillfactor = 50);
