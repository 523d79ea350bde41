"""Holding back what happens in channels, and letting it go in order."""

from collections.abc import Awaitable

from bot.chat_discord.held import KEPT, Act, Held


class Scene:
    """Acts that note when they take their place."""

    def __init__(self) -> None:
        self.held = Held()
        self.done: list[str] = []

    def act(self, name: str) -> Act:
        def take() -> Awaitable[None]:
            self.done.append(name)
            return _nothing()

        return take

    async def happens(self, name: str, channel_id: int = 1, message_id: int | None = None) -> bool:
        """Let something happen; False if it was held back."""
        doing = self.held.admit(channel_id, self.act(name), message_id)
        if doing is not None:
            await doing
        return doing is not None


async def _nothing() -> None:
    pass


async def finish(acts: list[Awaitable[None]]) -> None:
    for act in acts:
        await act


async def test_at_first_everything_goes_its_way() -> None:
    scene = Scene()
    assert await scene.happens("a")
    assert scene.done == ["a"]


async def test_what_was_held_back_goes_in_order_when_its_channel_opens() -> None:
    scene = Scene()
    scene.held.close_all()
    for name in "abc":
        assert not await scene.happens(name)
    await finish(scene.held.open_all_but({1}))
    assert not await scene.happens("d")
    assert scene.done == []
    await finish(scene.held.open(1))
    assert scene.done == ["a", "b", "c", "d"]
    assert await scene.happens("e")


async def test_other_channels_open_at_once() -> None:
    scene = Scene()
    scene.held.close_all()
    await scene.happens("behind", 1)
    await scene.happens("not behind", 2)
    await finish(scene.held.open_all_but({1}))
    assert scene.done == ["not behind"]
    assert await scene.happens("later", 2)


async def test_the_span_names_the_messages_heard_since_all_were_closed() -> None:
    scene = Scene()
    scene.held.close_all()
    await scene.happens("an edit")
    assert scene.held.span(1) is None
    for message_id in (7, 8, 9):
        await scene.happens("said", message_id=message_id)
    assert scene.held.span(1) == (7, 9)
    scene.held.close_all()
    assert scene.held.span(1) is None
    await scene.happens("said", message_id=12)
    assert scene.held.span(1) == (12, 12)
    await finish(scene.held.open(1))
    assert len(scene.done) == 5


async def test_more_than_is_kept_makes_a_channel_overfull_until_it_was_let_go() -> None:
    scene = Scene()
    scene.held.close_all()
    for number in range(KEPT + 1):
        await scene.happens(str(number), message_id=number + 1)
    assert set(scene.held.overfull) == {1}
    assert scene.held.span(1) == (1, KEPT)
    await finish(scene.held.let_go(1))
    assert scene.done == [str(number) for number in range(KEPT)]
    assert not scene.held.overfull
    assert not await scene.happens("still held back")
