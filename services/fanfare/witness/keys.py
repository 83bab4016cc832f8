"""The witness's own key: made at the first run, in a file that nobody else may read."""

from pathlib import Path

from fanfare.ledger.faults import Malformed
from fanfare.ledger.keys import Kind, SignerKey
from fanfare.ledger.writing import is_name
from fanfare.platform import durable

FILE = "key"


class KeyWrong(Exception):
    """The key's file, or the name that was asked for, will not do. The sentence says what to do."""


def own_key(home: Path, name: str) -> SignerKey:
    """
    Return the key in *home*, made there where there is none.

    Args:
        name: what the witness calls herself, for ever; empty: what the key's file says.

    Raises:
        KeyWrong: the file holds no witness's key, the key has another name, or the name is none.
    """
    path = home / FILE
    if not path.exists():
        if not is_name(name):
            raise KeyWrong(f"A witness's name has no spaces and plus signs, as in news.example/witness; {name!r} is none.")
        durable.replace(path, f"{SignerKey.generate(name, Kind.COSIGNATURE).secret()}\n".encode())
    try:
        key = SignerKey.parse(path.read_text().strip())
    except (Malformed, UnicodeDecodeError):
        raise KeyWrong(f"{path} holds no key. Put it back from where you keep a copy, or begin anew in another folder.") from None
    if key.kind is not Kind.COSIGNATURE:
        raise KeyWrong(f"{path} holds a log's key; a witness's is of kind 4.")
    if name and name != key.name:
        raise KeyWrong(f"The key in {path} is that of {key.name}: a key keeps its name. For {name} begin in another folder.")
    return key
