-- Appending in one statement.

-- Returns the offset of each body, in the order given. Locks are taken in one order, so two writers never wait for each other in a
-- ring. Each statement of a volatile function sees what committed before it began: the insert sees all that committed while the
-- lock was waited for. The offset comes from the primary key: a sequence would skip at a rollback and run ahead of commits, a counter
-- row would bloat under an old snapshot.
create function record.append(partitions integer[], bodies bytea[]) returns bigint[] language plpgsql volatile as $$
declare
    offsets bigint[];
begin
    perform pg_advisory_xact_lock(1717661286, touched.partition)  -- 'fanf'
       from (select distinct unnest(partitions) as partition order by 1) as touched;
    with new as (
        select partition, body, place, row_number() over (partition by partition order by place) - 1 as step
          from unnest(partitions, bodies) with ordinality as rows (partition, body, place)),
    placed as (
        select new.partition, body, place,
               step + coalesce((select max("offset") + 1 from record.entries where entries.partition = new.partition), 0) as at
          from new),
    stored as (insert into record.entries (partition, "offset", body) select partition, at, body from placed)
    select array_agg(at order by place) into offsets from placed;
    perform pg_notify('fanfare_record', '');
    return offsets;
end $$;
