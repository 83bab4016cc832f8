"""
The vault's file: every table that cannot be recomputed from the record, as PostgreSQL's own COPY writes it.

It is plain SQL, as `psql` reads it; the tables themselves are not in it, since the migrations that the manifest lists make them.
So a backup is loaded by any later version the way a site is upgraded, and by any PostgreSQL.
"""

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import BinaryIO, LiteralString

import msgspec
import psycopg
from psycopg import sql

from fanfare.audit.claims import Progress

SCHEMAS = ("desk", "notary", "record", "vault")
"""The schemas that migrations fill. What is in `platform` tells how this database is used, and projections have their own."""
APART = ("record.entries", "record.place", "record.seen", "notary.trees", "notary.lease", "notary.cosignatures")
"""
The record itself, which has a file of its own, and what follows from where it is kept; and what the notary works out again from
the record, its witnesses, and the checkpoint that it published last.
"""
COLUMNS: LiteralString = """
    select n.nspname || '.' || c.relname, a.attname
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any(%s) and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = ''
     order by 1, a.attnum
"""
REFERENCES: LiteralString = """
    select cn.nspname || '.' || c.relname, rn.nspname || '.' || r.relname
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
      join pg_class r on r.oid = k.confrelid join pg_namespace rn on rn.oid = r.relnamespace
     where k.contype = 'f' and k.conrelid <> k.confrelid and cn.nspname = any(%s)
     order by 1, 2
"""
SEQUENCES: LiteralString = """
    select n.nspname, c.relname, a.attname, pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and n.nspname = any(%s) and a.attnum > 0 and not a.attisdropped
       and pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) is not null
"""
_HEAD = re.compile(rb'COPY ("[a-z0-9_]+"\."[a-z0-9_]+") \(("[a-z0-9_]+"(?:, "[a-z0-9_]+")*)\) FROM stdin;\n')
_END = b"\\.\n"
_CHUNK_BYTES = 256 * 1024


class VaultUnreadable(Exception):
    """The vault's file does not fit the tables that the manifest's migrations make."""


class Table(msgspec.Struct, frozen=True):
    """A table and its columns, as they stand in the file."""

    name: str
    """Schema and table, with a dot between."""
    columns: tuple[str, ...]

    @property
    def place(self) -> sql.Composable:
        """Return the table's name, quoted."""
        return sql.Identifier(*self.name.split("."))

    @property
    def list(self) -> sql.Composable:
        """Return the columns' names, quoted."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


def tables(connection: psycopg.Connection) -> list[Table]:
    """Return every table of the vault's file, those that others refer to first."""
    columns: dict[str, list[str]] = {}
    for name, column in connection.execute(COLUMNS, (list(SCHEMAS),)):
        columns.setdefault(name, []).append(column)
    for name in APART:
        columns.pop(name, None)
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in columns})
    for name, refers_to in connection.execute(REFERENCES, (list(SCHEMAS),)):
        order.add(name, refers_to)
    return [Table(name, tuple(columns[name])) for name in order.static_order() if name in columns]


def write(connection: psycopg.Connection, stream: BinaryIO, progress: Progress) -> dict[str, int]:
    """Write every table to *stream*, as the connection's snapshot shows it, and return how many rows each has."""
    every, rows = tables(connection), dict[str, int]()
    for done, table in enumerate(every):
        progress("copying the vault", done, len(every))
        stream.write(sql.SQL("COPY {} ({}) FROM stdin;\n").format(table.place, table.list).as_bytes(connection))
        rows[table.name] = 0
        with connection.cursor().copy(sql.SQL("copy {} ({}) to stdout").format(table.place, table.list)) as copy:
            for chunk in copy:
                rows[table.name] += bytes(chunk).count(b"\n")
                stream.write(chunk)
        stream.write(_END)
    progress("copying the vault", len(every), len(every))
    return rows


def load(connection: psycopg.Connection, path: Path, rows: Mapping[str, int], progress: Progress) -> None:
    """
    Load the file into tables that are empty, in the connection's transaction.

    Args:
        rows: how many of each table there must be.

    Raises:
        VaultUnreadable: it is not what the manifest and the tables say.
    """
    wanted = {f"{each.place.as_string(connection)} ({each.list.as_string(connection)})": each for each in tables(connection)}
    found: dict[str, int] = {}
    with path.open("rb") as stream:
        while head := stream.readline():
            parsed = _HEAD.fullmatch(head)
            table = wanted.get(f"{parsed[1].decode()} ({parsed[2].decode()})") if parsed else None
            if table is None:
                raise VaultUnreadable(f"{path.name}: {head[:120]!r} is no table of that version")
            progress("loading the vault", sum(found.values()), sum(rows.values()))
            found[table.name] = _load(connection, table, stream, path.name)
    if found != dict(rows):
        differ = sorted(name for name in found.keys() | rows.keys() if found.get(name) != rows.get(name))
        counted = ", ".join(f"{name} {found.get(name, 0)} rows, not {rows.get(name, 0)}" for name in differ)
        raise VaultUnreadable(f"{path.name}: {counted}")
    _move_sequences(connection)


def _load(connection: psycopg.Connection, table: Table, stream: BinaryIO, name: str) -> int:
    count = 0
    try:
        with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(table.place, table.list)) as copy:
            for chunk, rows in _chunks(stream, f"{name}: {table.name}"):
                copy.write(chunk)
                count += rows
    except psycopg.DataError as error:
        raise VaultUnreadable(f"{name}: {table.name}: {error}") from error
    except psycopg.IntegrityError as error:
        raise VaultUnreadable(f"{name}: {table.name}: {error}") from error
    return count


def _chunks(stream: BinaryIO, name: str) -> Iterator[tuple[bytes, int]]:
    """Yield the rows of a table up to its end, and how many there are in each chunk."""
    lines: list[bytes] = []
    size_bytes = 0
    while (line := stream.readline()) != _END:
        if not line.endswith(b"\n"):
            raise VaultUnreadable(f"{name}: is cut off")
        lines.append(line)
        size_bytes += len(line)
        if size_bytes >= _CHUNK_BYTES:
            yield b"".join(lines), len(lines)
            lines, size_bytes = [], 0
    yield b"".join(lines), len(lines)


def _move_sequences(connection: psycopg.Connection) -> None:
    """Let the numbers that PostgreSQL gives out go on behind those that were loaded."""
    for schema, table, column, sequence in connection.execute(SEQUENCES, (list(SCHEMAS),)).fetchall():
        query = sql.SQL("select setval(%s, coalesce(max({0}), 0) + 1, false) from {1}")
        connection.execute(query.format(sql.Identifier(column), sql.Identifier(schema, table)), (sequence,))
