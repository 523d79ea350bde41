"""Voice messages written down: by a program or a service, within a limit, and never more than words."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.settings_voice import VoiceSettings
from bot.transcriber import WORDS_CHARS, ByCommand, ByService, NotHeard, transcriber_of
from tests.support.served import served

AUDIO = b"OggS\0"


def program(tmp_path: Path, code: str) -> tuple[str, ...]:
    """Return a command that runs some Python with the audio's path in `path`."""
    script = tmp_path / "hear.py"
    script.write_text(f"import os, sys, time\npath = sys.argv[-1]\n{code}\n")
    return (sys.executable, "-I", str(script))


def hear(command: tuple[str, ...], limit_s: float = 60.0) -> Awaitable[str]:
    return ByCommand(command, limit_s).words(AUDIO, "ogg")


async def test_a_program_gets_a_copy_of_the_audio_and_its_words_are_taken(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"open({str(seen)!r}, 'w').write(path)\nprint(open(path, 'rb').read() == {AUDIO!r}, 'words')"
    assert await hear(program(tmp_path, code)) == "True words"
    copied = Path(seen.read_text())
    assert copied.name == "voice.ogg"
    assert not copied.parent.exists()


async def test_the_file_stands_where_the_command_wants_it(tmp_path: Path) -> None:
    command = program(tmp_path, "print(sys.argv[1], sys.argv[2])")
    said = await hear((*command, "--in={file}", "--plain"))
    first, second = said.split()
    assert first.startswith("--in=/")
    assert first.endswith("/voice.ogg")
    assert second == "--plain"


async def test_a_program_gets_none_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "a-token-of-ours")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key-of-ours")
    said = await hear(program(tmp_path, "print(sorted(os.environ))"))
    assert "TOKEN" not in said
    assert "ANTHROPIC" not in said


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("sys.exit(3)", "failed (exit code 3)"),
        ("print(' ')", "No words were heard"),
        ("print('\\x00\\u200b')", "No words were heard"),
    ],
)
async def test_a_program_that_fails_or_hears_nothing_is_said(tmp_path: Path, code: str, why: str) -> None:
    with pytest.raises(NotHeard) as caught:
        await hear(program(tmp_path, code))
    assert why in str(caught.value)


async def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(NotHeard, match="cannot be started"):
        await hear(("/nonexistent/hear",))


async def test_a_program_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import subprocess\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(child)!r}, 'w').write(str(child.pid))\ntime.sleep(600)"
    )
    with pytest.raises(NotHeard, match="longer than 3 s"):
        await hear(program(tmp_path, code), 3.0)
    if child.exists():  # on a machine so busy that it did not come so far there is nothing to end
        async with asyncio.timeout(60):
            while Path(f"/proc/{child.read_text()}/exe").exists():
                await asyncio.sleep(0.01)


async def test_a_program_that_says_too_much_is_cut_and_its_signs_are_cleaned(tmp_path: Path) -> None:
    said = await hear(program(tmp_path, "print('\\x1b[31mhi' + 'x' * 3_000_000)"))
    assert said.startswith("[31mhi")
    assert len(said) == WORDS_CHARS


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def service(answer: Answer, path: str = "/v1/audio/transcriptions") -> AsyncGenerator[str]:
    app = web.Application(client_max_size=64 * 1024**2)
    app.add_routes([web.post(path, answer)])
    async with served(app) as base:
        yield f"{base}/v1"


async def test_a_service_gets_the_audio_and_what_the_settings_say() -> None:
    got: dict[str, object] = {}

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        got.update({name: value for name, value in form.items() if isinstance(value, str)})
        sent = form["file"]
        assert isinstance(sent, web.FileField)
        got["file"] = (sent.filename, sent.file.read())
        got["auth"] = request.headers.get("Authorization")
        return web.json_response({"text": " Hello there. "})

    async with service(answer) as url:
        settings = VoiceSettings(
            url=url, key=SecretStr("a-secret-key"), model="tiny", language="en", words="Roomkey"
        )
        assert await ByService(settings).words(AUDIO, "ogg") == "Hello there."
    assert got == {
        "model": "tiny",
        "language": "en",
        "prompt": "Roomkey",
        "response_format": "json",
        "file": ("voice.ogg", AUDIO),
        "auth": "Bearer a-secret-key",
    }


@pytest.mark.parametrize("ending", ["", "/", "/audio/transcriptions"])
async def test_the_address_may_be_that_of_the_service_or_of_its_route(ending: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.json_response({"text": "hi"})

    async with service(answer) as url:
        assert await ByService(VoiceSettings(url=url + ending)).words(AUDIO, "ogg") == "hi"


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"", "answered 500"),
        (401, b"no", "answered 401"),
        (302, b"", "answered 302"),
        (200, b"not json", "answered something else"),
        (200, b'{"text": 5}', "answered something else"),
        (200, b'{"text": ""}', "No words were heard"),
        (200, b'{"text": "' + b"x" * 3_000_000 + b'"}', "answered something else"),
        (200, b"[" * 100_000, "answered something else"),
    ],
)
async def test_a_service_that_does_not_do_it_is_said(status: int, body: bytes, why: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        headers = {"Location": "http://127.0.0.1:1/"} if status == 302 else {}
        return web.Response(status=status, body=body, headers=headers)

    async with service(answer) as url:
        with pytest.raises(NotHeard) as caught:
            await ByService(VoiceSettings(url=url)).words(AUDIO, "ogg")
    assert why in str(caught.value)


async def test_a_service_that_hangs_is_given_up() -> None:
    over = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    async with service(answer) as url:
        with pytest.raises(NotHeard, match="longer than 0 s"):
            await ByService(VoiceSettings(url=url, limit_s=0.2)).words(AUDIO, "ogg")
        over.set()


async def test_a_service_that_is_not_there_is_said() -> None:
    with pytest.raises(NotHeard, match="cannot be reached"):
        await ByService(VoiceSettings(url="http://127.0.0.1:1/v1")).words(AUDIO, "ogg")


def test_the_settings_name_one_of_the_two_or_none() -> None:
    assert transcriber_of(VoiceSettings()) is None
    assert isinstance(transcriber_of(VoiceSettings(command=("hear",))), ByCommand)
    assert isinstance(transcriber_of(VoiceSettings(url="http://127.0.0.1:1")), ByService)
