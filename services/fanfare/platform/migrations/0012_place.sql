-- Where the record is kept, where that is not here.

-- No row: in record.entries. A row that is not complete: the record is being copied into that topic of Kafka and is frozen. A
-- complete one: it is in that topic, and what is in record.entries is what it was at the copy.
create table record.place (
    only_one boolean primary key default true check (only_one),
    cluster_id text not null,
    topic text not null,
    begun_at timestamptz not null default now(),
    complete_at timestamptz
);

-- As in migration 0011, and refused while there is a row. Whoever writes that row holds the lock of every partition until it is
-- committed: the insert, whose snapshot is taken behind the lock, sees either no row, and then the freezer waits for this transaction
-- and sees what it inserted, or the row. A transaction with one snapshot for all its statements would see neither.
create or replace function record.append(partitions integer[], bodies bytea[]) returns bigint[] language plpgsql volatile as $$
declare
    offsets bigint[];
    elsewhere record.place;
begin
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
        raise exception 'record.append needs a transaction that is read committed' using errcode = 'invalid_transaction_state';
    end if;
    perform pg_advisory_xact_lock(1717661286, touched.partition)  -- 'fanf'
       from (select distinct unnest(partitions) as partition order by 1) as touched;
    with new as (
        select partition, body, place, row_number() over (partition by partition order by place) - 1 as step
          from unnest(partitions, bodies) with ordinality as rows (partition, body, place)
         where not exists (select from record.place)),
    placed as (
        select new.partition, body, place,
               step + coalesce((select max("offset") + 1 from record.entries where entries.partition = new.partition), 0) as at
          from new),
    stored as (insert into record.entries (partition, "offset", body) select partition, at, body from placed)
    select array_agg(at order by place) into offsets from placed;
    if offsets is null then
        select * into elsewhere from record.place;
        if elsewhere.complete_at is not null then
            raise exception 'the record is kept in the topic % of Kafka', elsewhere.topic using errcode = 'FF002';
        elsif elsewhere.topic is not null then
            raise exception 'the record is being copied into the topic % of Kafka', elsewhere.topic using errcode = 'FF001';
        end if;
    end if;
    perform pg_notify('fanfare_record', '');
    return offsets;
end $$;
