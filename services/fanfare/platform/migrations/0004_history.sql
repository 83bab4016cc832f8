-- Samples of leaderboards, taken by the worker while rounds are open.
create table desk.history (
    round text collate "C" not null,
    at timestamptz not null,
    counted bigint not null,
    votes jsonb not null,
    primary key (round, at)
);
