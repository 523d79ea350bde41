"""The end of a growing text: it moves seldom, and knows the fence that is open there."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.fences import after_line
from bot.tail import SHOWN_CHARS, Tail

_lines = st.one_of(
    st.sampled_from(["", "```", "```py", "~~~", "- ```", "  ```", "word " * 30]),
    st.text(max_size=200),
    st.just("x" * 3000),
)


@settings(deadline=None)
@given(st.lists(_lines, max_size=60).map("\n".join), st.integers(1, 700))
def test_a_tail_is_short_and_knows_its_fence_however_the_text_came(text: str, step: int) -> None:
    tail = Tail()
    for end in range(0, len(text) + step, step):
        grown = text[:end]
        tail = tail.moved(grown)
        assert len(grown) - tail.start <= SHOWN_CHARS
        fence = None
        for line in grown[: tail.start].split("\n")[:-1]:
            fence = after_line(fence, line)
        assert tail.fence == fence


def test_a_tail_stays_until_it_has_to_move_and_begins_with_a_paragraph_then() -> None:
    paragraph = "one two three four five six seven eight nine ten\n\n"
    text, tail, moves = "", Tail(), 0
    for _ in range(400):
        text += paragraph
        moved = tail.moved(text)
        moves += moved is not tail
        tail = moved
        assert text[tail.start :].startswith("one two")
    assert moves < 30


def test_a_text_that_was_replaced_by_a_shorter_one_is_looked_at_anew() -> None:
    assert Tail(start=5000).moved("short") == Tail()


def test_each_line_is_looked_at_once() -> None:
    """The way from the start is not gone again: what a text costs grows with its length alone."""

    class Counted(str):
        __slots__ = ()
        found = 0

        def find(self, *key: object) -> int:
            Counted.found += 1
            return super().find(*key)  # type: ignore[arg-type]

    text, tail = "", Tail()
    for _ in range(2000):
        text += "a line of words\n"
        tail = tail.moved(Counted(text))
    assert Counted.found < 2 * 2000
