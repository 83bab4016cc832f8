"""Pictures: taken in from a member, and given to whoever may see them."""

import secrets

from fanfare.pictures import keeping
from fanfare.pictures.keeping import Kept
from fanfare.pictures.readers import Readers
from fanfare.pictures.refusals import PictureGone, PictureMissing
from fanfare.pictures.sizes import MOST_BYTES, object_name
from fanfare.platform import rights
from fanfare.platform.caller import Caller
from fanfare.platform.desk import Desk
from fanfare.platform.objects import Objects
from fanfare.platform.refusals import NotFound, SignInNeeded, UploadTooLarge
from fanfare.record.kinds import picture_hash


class Pictures:
    """Owned by one event loop."""

    def __init__(self, desk: Desk, objects: Objects) -> None:
        """Keep rows through the pool of *desk*, and bytes in *objects*."""
        self._desk = desk
        self._objects = objects
        self._readers = Readers()

    async def take_in(self, body: bytes, member: str) -> Kept:
        """
        Take in what *member* sent: read it, keep three sizes of it, and return what the record will call it.

        The objects come first: a crash before the row leaves some that nobody knows, which are thrown away within two days. So is
        a picture that no event names.

        Raises:
            PictureMissing, UploadTooLarge, PicturesBusy: before it was looked at.
            PictureTooHard, or one of ``fanfare.pictures.refusals.REFUSED``: it cannot be taken.
            SignInNeeded: she was erased meanwhile.
        """
        if not body:
            raise PictureMissing
        if len(body) > MOST_BYTES:
            raise UploadTooLarge
        made = await self._readers.read(body)
        salt = secrets.token_bytes(16)
        kept = Kept(picture_hash(salt, made[0].body), {each.name: each.extent for each in made})
        for each in made:
            await self._objects.put(object_name(kept.hash, each.name), each.body)
        async with self._desk.pool.connection() as connection:
            if await keeping.keep(connection, kept, salt, member):
                return kept
        raise SignInNeeded

    async def show(self, picture: str, size: str, visitor: Caller | None) -> tuple[bytes, bool]:
        """
        Return one size of a picture, and whether everybody may see it.

        Its sender sees it before it is public, and still while it is hidden; so do those who moderate, once it is in the record.

        Raises:
            NotFound: there is none, or *visitor* may not see it.
            PictureGone: it was removed.
        """
        async with self._desk.pool.connection() as connection:
            found = await keeping.look(connection, picture)
        if found.member is None:
            raise PictureGone if found.named else NotFound
        is_public = found.shown and not found.veiled
        if not is_public and not self._may_see(found, visitor):
            raise NotFound
        body = await keeping.body(self._objects, picture, size)
        if body is None:
            raise NotFound
        return body, is_public

    def _may_see(self, found: keeping.State, visitor: Caller | None) -> bool:
        if visitor is None:
            return False
        return visitor.member == found.member or (found.named and rights.may_now(self._desk, visitor, "moderate", found.campaign))
