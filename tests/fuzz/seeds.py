"""What each target's fuzzing begins with: the real thing, and what is known to be hard."""

from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]

HARD = (
    b"",
    b"\x00" * 64,
    "\ud800".encode("utf-8", "surrogatepass"),
    b"[" * 4000,
    b'{"a":' * 800,
    b" " * 4000,
    b"\n" * 4000,
    b"a" + b" " * 3999,
    b"`" * 4000,
    b"` `` ``` ```` ````` " * 200,
    b"[[[[](" * 600,
    b"![](" * 1000,
    b"*_" * 2000,
    b"**a" * 1300,
    b"||" * 2000,
    b"<@" * 2000,
    b"<t:" * 1300,
    b":" * 4000,
    b"http:" * 800,
    b"https://" * 500,
    b"> " * 2000,
    b"- " * 2000,
    b"1. " * 1300,
    b"~~~\n" * 1000,
    b"```\n" * 1000,
    b"-1?" * 1300 + b"\n",
    b"<system-reminder>" * 230,
    b"\\" * 4000,
    "👩‍👩‍👧‍👦".encode() * 150,
    "\u200d\ufe0f".encode() * 600,
    "\U0001f3f4\U000e0067".encode() * 500,
    "é。".encode() * 800,
)
"""Inputs that would take long, or break something, if a pattern backtracked or a parser recursed."""

_CALL = (
    b'{"type":"assistant","message":{"model":"m","id":"i","content":[{"type":"tool_use","id":"t","name":"Bash",'
    b'"input":DEEP}]},"parent_tool_use_id":null,"session_id":"s","uuid":"u"}'
)


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target begins with. Blocks."""
    yield from HARD
    match target:
        case "settings file":
            yield (_ROOT / "deploy" / "roomkey.example.toml").read_bytes()
        case "agent lines":
            for file in sorted((_ROOT / "tests" / "fixtures" / "claude").rglob("*.jsonl")):
                yield from (line for line in file.read_bytes().splitlines() if len(line) < 4000)
            yield from (
                _CALL.replace(b"DEEP", b'{"a":' * deep + b"1" + b"}" * deep) for deep in (100, 600, 900)
            )
            yield b'{"type":"stream_event","event":"text","session_id":"s","uuid":"u"}'
            yield from (_CALL.replace(b"DEEP", b"[" * deep + b"]" * deep) for deep in (900, 1900))
        case "Markdown":
            page = (_ROOT / "docs" / "architecture.md").read_bytes()
            yield from (page[at : at + 4000] for at in range(0, len(page), 4000))
        case "legacy files":
            session = (
                b'{"sessionId":"6f1c1f0e-7f0b-5a52-9a55-6b1d5f0d2f3e","createdAt":"2025-01-01T00:00:00Z",'
            )
            session += b'"lastUsedAt":"2025-01-02T00:00:00Z","turnCount":3}'
            for role in range(7):
                yield bytes([role, 0]) + session
                yield bytes([role, 0]) + b'{"threads":{"123456789012345678":' + session + b"}}"
                yield bytes([role, 0]) + b'{"discord":{"token":"x","allowedUserIds":["1"]},"model":"opus"}'
        case "egress request":
            yield b"example.org:443 HTTP/1.1\r\nHost: example.org\r\nProxy-Authorization: Basic eA==\r\n\r\n"
            yield b" example.org/a?b HTTP/1.1\r\nHost: b\r\nConnection: keep-alive\r\nA: b\r\n\r\n"
            yield b"[::1]:80 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n"
            yield from (b"*.example.org:8443", b"127.0.0.1:1", b"[64:ff9b::7f00:1]", b"a" * 64 + b".org")
        case "keys and paths":
            yield b"\x80\x49i-1-155f62b5III\x00\x00-1"  # two names that once gave the same key
        case _:
            pass
