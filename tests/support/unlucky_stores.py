"""The real store with bad luck: calls that fail, and calls at which something else happens."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sessions.errors import StateError
from sessions.keys import SessionKey, TurnId
from sessions.store import Store
from sessions.store.values import Accepted, Inbound, Lease, Piece, Take, Turn, TurnResult


class Tripping:
    """The real store, that fails the first `times` calls of `next` with a finish."""

    def __init__(self, store: Store, times: int, error: Exception) -> None:
        self._store, self._times, self._error = store, times, error

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        if finish is not None and self._times:
            self._times -= 1
            raise self._error
        return await self._store.next(lease, finish, take)


class Refusing:
    """The real store, whose methods named in `refusals` fail that many times."""

    def __init__(self, store: Store, **refusals: int) -> None:
        self._store, self._refusals = store, refusals

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def _refuse(self, name: str) -> None:
        if self._refusals.get(name, 0):
            self._refusals[name] -= 1
            raise StateError("The disk is full.")

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        self._refuse("claim")
        return await self._store.claim(key, owner)

    async def note(self, lease: Lease, turn: TurnId, *, last_tool: str | None = None) -> None:
        self._refuse("note")
        await self._store.note(lease, turn, last_tool=last_tool)

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        self._refuse("post")
        return await self._store.post(notice, pieces)


class Meddling:
    """The real store; `meddle` is called when a turn of this text is started, before its worker knows."""

    def __init__(self, store: Store, text: str) -> None:
        self._store, self._text = store, text
        self.meddle: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        turn = await self._store.next(lease, finish, take)
        if turn is not None and turn.prompt.text == self._text:
            self.meddle()
        return turn
