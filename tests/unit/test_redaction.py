"""Secrets in texts: masked by exact value and by their encodings, also in texts that grow."""

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.redaction import MASK, Growing, Redactor, TooShort, masked_cut

KEY = 'sk-ant-api03-7Q_x/9+Zk"w&=R~é4m'
OTHER = "MTEw.Gh1Jkl.Zt8sV-2pq"
SECRETS = [KEY, OTHER, "abcdefgh", "fghijklm", "abcdefghXYZ", "aaaaaaaa"]

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 behind one": lambda text: base64.b64encode(b"." + text.encode()).decode(),
    "base64 behind two": lambda text: base64.b64encode(b"x:" + text.encode() + b"\n").decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(b"k" * 50 + text.encode()).decode(),
    "url": lambda text: quote(text, safe=""),
    "url with slashes": quote,
    "form": quote_plus,
    "url in small digits": lambda text: quote(text, safe="").lower() if text.islower() else quote(text),
    "every byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json": json.dumps,
    "json as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "json in json": lambda text: json.dumps(json.dumps({"key": text})),
    "html": html.escape,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "hex with spaces": lambda text: text.encode().hex(" "),
    "hex as in C": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "Markdown": lambda text: "".join(f"\\{sign}" if sign in "_*`~|<>[]()" else sign for sign in text),
    "letter by letter": " ".join,
    "with joiners": "\u2060".join,
    "a word a line": lambda text: f"{text[:9]}\n    {text[9:]}",
}


@pytest.mark.parametrize("behind", ["", "…", "…)", ")", "."])
@pytest.mark.parametrize("encoding", ["plain", "base64", "url", "hex"])
def test_a_text_that_ends_within_a_secret_is_masked_as_well(encoding: str, behind: str) -> None:
    redactor, encoded = Redactor([KEY]), ENCODINGS[encoding](KEY)
    for left in range(8, len(encoded)):
        assert masked_cut(f"so: {encoded[:left]}{behind}", redactor).startswith(f"so: {MASK}")
    whole = masked_cut(f"so: {encoded} is it{behind}", redactor)
    assert whole.startswith(f"so: {MASK}")
    assert whole.endswith(f" is it{behind}")
    assert masked_cut(f"all of it{behind}", redactor) == f"all of it{behind}"


@pytest.mark.parametrize("secret", [KEY, OTHER])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_is_masked_in_every_encoding(encoding: str, secret: str) -> None:
    encoded = ENCODINGS[encoding](secret)
    shown = Redactor([secret]).text(f"before {encoded} after")
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    for at in range(len(secret) - 5):
        assert ENCODINGS[encoding](secret[at : at + 6]).strip('"=\n') not in shown


def test_text_without_a_secret_stays_as_it_is() -> None:
    text = "An answer, with `code` and\n\n    four spaces.\\n"
    assert Redactor(SECRETS).text(text) == text
    assert Redactor().text(KEY) == KEY


def test_secrets_that_overlap_are_covered_as_a_whole() -> None:
    redactor = Redactor(SECRETS)
    assert redactor.text("<abcdefghijklm>") == f"<{MASK}>"
    assert redactor.text("<abcdefghXYZ>") == f"<{MASK}>"
    assert redactor.text("<" + "a" * 500 + ">") == f"<{MASK}>"


@pytest.mark.parametrize("secret", ["", "short", "1234567", "  1234567  ", "1 2 3 4 5 6 7"])
def test_a_short_secret_is_refused(secret: str) -> None:
    with pytest.raises(TooShort):
        Redactor([secret])
    with pytest.raises(TooShort):
        Redactor().add(secret)


def test_one_that_was_replaced_stays_until_it_is_dropped() -> None:
    redactor = Redactor([KEY])
    redactor.add(OTHER)
    assert redactor.text(f"{KEY} {OTHER}") == f"{MASK} {MASK}"
    redactor.drop(KEY)
    assert redactor.text(f"{KEY} {OTHER}") == f"{KEY} {MASK}"


def test_facts_are_masked_however_deep_they_stand() -> None:
    class Odd:
        def __str__(self) -> str:
            return f"odd {OTHER}"

    masked = Redactor([OTHER]).fact({"a": [1, None, True, {OTHER: (OTHER, 1.5)}], "b": Odd(), "c": {OTHER}})
    assert masked == {"a": [1, None, True, {MASK: [MASK, 1.5]}], "b": f"odd {MASK}", "c": [MASK]}
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert json.dumps(Redactor([OTHER]).fact(deep))


def test_a_growing_text_shows_no_part_of_a_secret() -> None:
    growing = Growing(Redactor([OTHER]))
    shown = ""
    for sign in f"My token is {OTHER}, keep it.":
        shown += growing.feed(sign)
        assert OTHER[:2] not in shown
    assert shown + growing.end() == f"My token is {MASK}, keep it."


def test_what_only_looks_like_the_start_of_a_secret_is_shown_as_soon_as_that_is_clear() -> None:
    growing = Growing(Redactor(["MTEw.Gh1Jkl.Zt8"]))
    assert growing.feed("so MTE") == "so "
    assert growing.feed("w!") == "MTEw!"
    assert growing.feed(" and M") == " and "
    assert growing.end() == "M"


def test_what_was_held_back_is_shown_once_when_its_secret_is_dropped_meanwhile() -> None:
    redactor = Redactor([OTHER])
    growing = Growing(redactor)
    assert growing.feed(f"so {OTHER[:5]}") == "so "
    redactor.drop(OTHER)
    assert growing.feed(" it") == f"{OTHER[:5]} it"
    assert growing.feed(" is") + growing.end() == " is"


def test_most_of_a_secret_at_the_very_end_is_masked() -> None:
    growing = Growing(Redactor([OTHER]))
    assert growing.feed(f"so {OTHER[:12]}") == "so "
    assert growing.end() == MASK


def test_endless_space_inside_a_secret_is_not_waited_for() -> None:
    growing = Growing(Redactor([OTHER]))
    shown = growing.feed(f"so {OTHER[:12]}" + " " * 20_000)
    assert shown == f"so {MASK}"
    assert growing.feed("on") == "on"


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[list[str], str]:
    """Return a text of words, secrets, their parts and spaces, whole and in parts."""
    secret = st.sampled_from(SECRETS)
    part = st.builds(lambda text, a, b: text[a:b], secret, st.integers(0, 12), st.integers(3, 40))
    encoded = st.builds(lambda name, text: ENCODINGS[name](text), st.sampled_from(list(ENCODINGS)), secret)
    text = "".join(draw(st.lists(secret | part | encoded | st.text(max_size=4), max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=20)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)], text


@given(cut_texts())
def test_a_text_shows_the_same_however_it_was_cut_as_if_it_had_come_whole(cut: tuple[list[str], str]) -> None:
    chunks, text = cut
    redactor = Redactor(SECRETS)
    growing = Growing(redactor)
    shown = "".join(growing.feed(chunk) for chunk in chunks)
    whole = redactor.text(text)
    rest = growing.end()
    assert shown + rest == whole or (rest.endswith(MASK) and whole.startswith(shown))


@given(st.lists(st.sampled_from([*"abcghXYZ \n", "aaaaaaaa", KEY[:20], OTHER[:9]]), max_size=60))
def test_no_text_gets_longer_and_none_keeps_a_secret(parts: list[str]) -> None:
    redactor = Redactor(SECRETS)
    masked = redactor.text("".join(parts))
    assert len(masked) <= max(len("".join(parts)), 0)
    squeezed = "".join(masked.replace(MASK, "|").split())
    assert not any(secret in squeezed for secret in SECRETS)


def test_it_takes_time_in_proportion_to_the_text() -> None:
    redactor = Redactor([KEY, OTHER, "a" * 60 + "b"])

    def took_s(text: str) -> float:
        began = time.process_time()
        redactor.text(text)
        growing = Growing(redactor)
        for at in range(0, len(text), 1000):
            growing.feed(text[at : at + 1000])
        return time.process_time() - began

    for unit in ("a", "a ", OTHER[:-1], "word "):
        assert took_s(unit * (200_000 // len(unit))) < 5
