-- What was last seen of a record that is kept outside PostgreSQL, so that no process writes to one that was cut. Only ever raised.

create table record.seen (
    partition integer primary key,
    head bigint not null check (head > 0),
    -- Of the entry at head - 1, hexadecimal.
    sha256 text collate "C" not null check (octet_length(sha256) = 64)
);
