-- How far each projection has come. Written in the transaction that writes its rows.

create table platform.projections (
    name text collate "C" primary key,
    version integer not null,
    stopped text
);
create table platform.positions (
    projection text collate "C" not null references platform.projections on delete cascade,
    partition integer not null,
    next_offset bigint not null,
    primary key (projection, partition)
);
create table platform.decided (
    projection text collate "C" not null references platform.projections on delete cascade,
    stream text collate "C" not null,
    taken integer not null,
    primary key (projection, stream)
);
