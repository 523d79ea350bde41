"""What is fuzzed: functions that take any bytes. Whatever those are, nothing may be raised, or take long.

What a target checks beside that is asserted in it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import discord
from claude_agent_sdk import ClaudeSDKError
from claude_agent_sdk._internal.message_parser import parse_message
from pydantic import ValidationError

from bot.chat_discord.address import incoming
from bot.chat_discord.attachments import _CDN, _checked, _extension, _NotFetched
from bot.chunks import SMALLEST_LIMIT, split
from bot.clicks import parse_click
from bot.components import Pressed
from bot.demo.guild.page_markdown import Names, html
from bot.demo.guild.page_markdown import plain as plain_line
from bot.fences import after_line
from bot.measure import units
from bot.render import Words, pieces, plain, rendered, window
from bot.routing import why_silent
from bot.settings import Settings, _overlaid, _sentence
from bot.settings_file import parse_file
from sessions.agents.base import TurnInput
from sessions.agents.claude_events import Translation
from sessions.agents.claude_transcript import _find_answer, _row
from sessions.beneath import NotSendable, create_beneath, open_outgoing
from sessions.box.egress_head import BadHead, read_head
from sessions.box.egress_rules import Entry, Target
from sessions.foreign_text import clean
from sessions.keys import TurnId, directory_name, foreign_key, session_key
from sessions.legacy_entries import Findings, kind_of, read_entries, read_root
from sessions.legacy_files import SourceFile
from sessions.legacy_settings import carry_settings, roomkey_toml
from sessions.paths import Paths
from sessions.prompts import Fetched, compose
from sessions.store.rows import prompt_text
from sessions.store.values import Prompt
from tests.fuzz.material import Material

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SESSION, PROMPT = UUID(int=1), UUID(int=2)
SEAL = "012345678901"
MESSAGE_CHARS = 2000
NOWHERE = Path("/proc/self/fdinfo/nowhere")
"""Nothing can be made there, not even by root."""


def settings_file(raw: bytes) -> None:
    """A roomkey.toml: it is read, or every problem has its sentence."""
    text = raw.decode("utf-8", "replace")
    file = parse_file(Path("roomkey.toml"), text, Settings)
    assert all(isinstance(problem, str) and problem for problem in file.problems)
    try:
        Settings.model_validate(_overlaid({"data_dir": "/data"}, file.values))
    except ValidationError as error:
        sentences = [_sentence(problem, file, {}) for problem in error.errors()]
    else:
        return
    assert all(sentences)


def legacy_files(raw: bytes) -> None:
    """Files of claudeclaw: entries are found, or why there are none; the settings become TOML."""
    material, findings = Material(raw), Findings()
    role = material.choice(
        ("sessions", "session", "agent", "backup", "fallback", "settings", "permission-mode")
    )
    key = material.text(80) if material.chance() else "default"
    file = SourceFile(name="x.json", role=cast("Any", role), raw_key=key, modified=NOW, data=material.rest())
    if role in ("settings", "permission-mode"):
        root = read_root(file, findings)
        carried = carry_settings(root, root, ["1"], findings)
        parse_file(Path("roomkey.toml"), roomkey_toml(carried.settings), Settings)
    else:
        for entry in read_entries(file, NOW, findings):
            assert kind_of(entry.raw_key)


def discord_payload(raw: bytes) -> None:
    """A message as Discord sends it: ours, and a prompt in which it can forge nothing."""
    material = Material(raw)
    message = discord.Message(
        state=STATE, channel=CHANNEL, data=cast("Any", _message(material, replies=True))
    )
    came = incoming(message, ME)
    why_silent(came, material.choice(("all", "mention")), {str(message.author.id)})
    prompt = Prompt(
        text=came.text,
        author_id=came.person.id,
        author_name=came.person.name,
        attachments=came.attachments,
        quote=came.quote,
        by_bot=came.person.is_bot,
    )
    assert json.loads(prompt_text(prompt))["text"] == came.text
    files = [Fetched(attachment=one, path=Path("inbox/1_1.txt"), text=came.text) for one in came.attachments]
    composed = compose(prompt, files, seal=SEAL)
    composed.encode()
    sealed = [line for line in composed.split("\n") if SEAL in line]
    assert composed.count(SEAL) == len(sealed) <= 13
    assert all(line.startswith(f"[{SEAL}] ") for line in sealed)
    for one in came.attachments:
        assert _extension(one.name).isalnum()
        with suppress(_NotFetched):
            assert _checked(one.url, _CDN).scheme == "https"


def agent_lines(raw: bytes) -> None:
    """Lines of an agent's process, and rows of its transcript: read, or passed over."""
    translation = Translation(str(SESSION), Path("/w"), Path("/m"))
    translation.expect(TurnInput(turn=TurnId(1), uuid=PROMPT, text="hi"))
    lines = raw.split(b"\n")[:50]
    for line in lines:
        row = _row(line)
        try:
            message = parse_message(row)
        except (ClaudeSDKError, RecursionError):
            continue  # the session says so in its log, and goes on
        except Exception:  # noqa: BLE001 -- of the SDK alone: what we do with a message is not in here
            continue
        if message is not None:
            list(translation.read(message))
    _find_answer(map(_row, lines), PROMPT)


def keys_and_paths(raw: bytes) -> None:
    """Names from outside: any text is a key or refused, and no path of it leads anywhere else."""
    material = Material(raw)
    name, other = material.text(10_000), material.text(200)
    key = foreign_key(name)
    assert session_key(key) == key
    assert (foreign_key(other) == key) == (other == name)
    root = Paths(Path("/data")).room(key).root
    assert root.parent == Path("/data/sessions")
    assert directory_name(key).lower() == directory_name(key)
    assert Paths(Path("/data")).session_lock(name).parent == Path("/data/locks")
    with suppress(ValueError):
        assert session_key(name) == name
    for act in (lambda: open_outgoing(NOWHERE, name, 1), lambda: create_beneath(NOWHERE, "inbox", name)):
        try:
            act()
        except (NotSendable, ValueError, OSError):
            continue
        raise AssertionError("a file was opened in no directory")
    parse_click(Pressed(action=name))


def markdown(raw: bytes) -> None:
    """An answer's text: cut into messages that fit and lose nothing, and shown by the demo's page."""
    text = clean(raw.decode("utf-8", "surrogateescape"))
    chunks = list(split(text, SMALLEST_LIMIT))
    shown = "".join(chunk.body for chunk in chunks)
    assert "".join(shown.split()) == "".join(text.split())
    assert all(units(chunk.text) <= SMALLEST_LIMIT for chunk in chunks)
    assert all(units(piece) <= 2000 for piece in pieces(text, 2000))
    assert units(window(text, 2000)) <= 2000
    assert units(window(text, 2000, is_growing=True)) <= 2000
    assert all(units(message.text) <= 2000 for message in rendered(Words(body=text, small="-# 1 s"), 2000))
    plain(text)
    fence = None
    for line in text.split("\n"):
        fence = after_line(fence, line)
    page = html(text[:MESSAGE_CHARS], NAMES)
    assert "<script" not in page
    plain_line(text[:MESSAGE_CHARS], NAMES)


def egress_request(raw: bytes) -> None:
    """What an agent says to its egress proxy: a host and one request for it, or a refusal."""
    text = raw.decode("utf-8", "replace")
    with suppress(ValueError):
        assert str(Entry.parse(text)) == str(Entry.parse(str(Entry.parse(text))))
    first = b" http://" if raw[:1] < b"@" else b" "
    for request in (raw, b"CONNECT " + raw, b"GET" + first + raw[1:]):
        try:
            wanted = read_head(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        except BadHead:
            continue
        assert Target.parse(str(wanted.target)) == wanted.target
        line, *fields = wanted.head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        assert wanted.is_tunnel or line.endswith(b" HTTP/1.1")
        assert not any(mark in field for field in fields for mark in (b"\r", b"\n", b"\0"))
        names = [field.partition(b":")[0].lower() for field in fields]
        assert wanted.is_tunnel or (names.count(b"host"), names.count(b"connection")) == (1, 1)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "settings file": settings_file,
    "legacy files": legacy_files,
    "Discord payload": discord_payload,
    "agent lines": agent_lines,
    "keys and paths": keys_and_paths,
    "Markdown": markdown,
    "egress request": egress_request,
}

NAMES = Names(user=lambda _: "ann", place=lambda _: None, role=lambda _: None)
ME = cast("Any", SimpleNamespace(id=1))
CHANNEL = cast("Any", SimpleNamespace(id=20, guild=None, type=discord.ChannelType.private))


class _State:
    """As much of discord.py's state as a message asks for."""

    _messages: tuple[discord.Message, ...] = ()
    user = ME

    def store_user(self, data: Any, **_: object) -> discord.User:
        return discord.User(state=cast("Any", self), data=data)

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


STATE = cast("Any", _State())


def _message(material: Material, *, replies: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": str(material.number(2**63)),
        "channel_id": "20",
        "author": {
            "id": str(material.number(3)),
            "username": material.text(40),
            "global_name": material.text(40) if material.chance() else None,
            "discriminator": "0",
            "avatar": None,
            "bot": material.chance(),
        },
        "content": material.text(4000),
        "timestamp": "2030-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": material.chance(),
        "mentions": [],
        "mention_roles": [],
        "attachments": [_attachment(material) for _ in range(material.number(3))],
        "embeds": [],
        "pinned": False,
        "type": material.choice((0, 19, 18, 7, 20)),
    }
    if material.chance():
        data["webhook_id"] = "5"
    if replies and material.chance():
        data["message_reference"] = {"message_id": "9", "channel_id": "20"}
        data["referenced_message"] = _message(material, replies=False) if material.chance() else None
    return data


def _attachment(material: Material) -> dict[str, Any]:
    url = material.text(200)
    return {
        "id": str(material.number(9)),
        "filename": material.text(300),
        "size": material.number(2**40),
        "url": "https://cdn.discordapp.com/" + url if material.chance() else url,
        "proxy_url": "",
        "content_type": material.text(20) if material.chance() else None,
    }
