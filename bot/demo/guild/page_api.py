"""The page on which a person sees and uses the offline guild: its files, its stream, and what it asks for.

    about = PageAbout(facts={"Isolation": "none"}, hints=("Say something in #desk.",))
    async with OfflineGuild(routes=page_routes(about)) as guild:
        print(guild.url + "/")

`GET /` is the page; `?as=NAME` says who looks, else it is the first person. `GET /page/changes?as=NAME` is a
stream of Server-Sent Events that begins with the whole `world`. `POST /page/act?as=NAME` does something in
their name: JSON, or multipart with the JSON as `form` and files as `files`. It answers JSON; when refused,
`{"error": "a sentence for the person"}`.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web
from pydantic import ValidationError

from bot.demo.guild.actors import Person
from bot.demo.guild.changes import Subscription
from bot.demo.guild.interactions import ANSWER_WITHIN_S
from bot.demo.guild.limits import FILE_BYTES, FILES
from bot.demo.guild.model import Payload
from bot.demo.guild.page_actor import NotDone, perform
from bot.demo.guild.page_acts import ACT, Act
from bot.demo.guild.page_guard import HEADERS, refusal
from bot.demo.guild.page_markdown import Names, html
from bot.demo.guild.page_stream import Event, told, whole
from bot.demo.guild.page_world import people
from bot.demo.guild.server import GUILD

PAGE = Path(__file__).parents[1] / "page"
FILE_NAME = re.compile(r"[a-z_]+\.(?:js|css)")
LOOK_S = 2.0
"""How often a stream looks whether its reader is still there."""

NO_NAMES = Names(lambda _: None, lambda _: None, lambda _: None)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class PageAbout:
    """What the starter of a guild says on its page: facts by name, and things to try (lines of Markdown)."""

    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    hints: tuple[str, ...] = ()


def page_routes(
    about: PageAbout | None = None, *, answer_within_s: float = ANSWER_WITHIN_S
) -> list[web.RouteDef]:
    """Return the page's routes for `OfflineGuild(routes=...)`.

    `answer_within_s` is how long a bot may take to answer an interaction, in real seconds.
    """
    shown = _about(about or PageAbout())

    async def changes(request: web.Request) -> web.StreamResponse:
        return await _stream(request, shown)

    async def act(request: web.Request) -> web.StreamResponse:
        return await _act(request, answer_within_s)

    return [
        web.get("/", _guarded(_index)),
        web.get("/page/changes", _guarded(changes)),
        web.get("/page/{name}", _guarded(_file)),
        web.post("/page/act", _guarded(act, acts=True)),
    ]


def _guarded(handler: Handler, *, acts: bool = False) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if reason := refusal(request.headers, request.app[GUILD].url, acts=acts):
            return _json({"error": reason}, 403)
        return await handler(request)

    return handle


async def _index(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers=HEADERS)


async def _file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if not FILE_NAME.fullmatch(name):
        return web.Response(status=404, headers=HEADERS)
    return web.FileResponse(PAGE / name, headers=HEADERS)


async def _stream(request: web.Request, about: Payload) -> web.StreamResponse:
    guild = request.app[GUILD]
    viewer = _viewer(request)
    if viewer is None:
        return _json({"error": "There is nobody of this name here."}, 404)
    response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
    with guild.world.subscribe() as changes:
        await response.prepare(request)
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(_close_when_left(request, changes))
            with suppress(ConnectionResetError):
                name, everything = whole(guild.world, viewer.id, guild.gateway.online)
                await _send(response, (name, everything | {"about": about}))
                async for change in changes:
                    if event := told(guild.world, change, viewer.id, guild.gateway.online):
                        await _send(response, event)
            leaving.cancel()
    return response


async def _close_when_left(request: web.Request, changes: Subscription) -> None:
    """End a stream when its reader is gone, which aiohttp tells nobody, or when the guild ends."""
    closing = request.app[GUILD].closing
    while request.transport is not None and not closing.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await closing.wait()
    changes.close()


async def _send(response: web.StreamResponse, event: Event) -> None:
    name, told_of = event
    await response.write(f"event: {name}\ndata: {json.dumps(told_of)}\n\n".encode())


async def _act(request: web.Request, answer_within_s: float) -> web.StreamResponse:
    viewer = _viewer(request)
    if viewer is None:
        return _json({"error": "There is nobody of this name here."}, 404)
    try:
        act, files = await _read(request)
        done = await perform(request.app[GUILD], viewer, act, files, answer_within_s=answer_within_s)
    except ValidationError:
        return _json({"error": "The guild did not understand this page: reload it."}, 400)
    except NotDone as error:
        return _json({"error": str(error)}, error.status)
    return _json(done)


async def _read(request: web.Request) -> tuple[Act, dict[str, bytes]]:
    if not request.content_type.startswith("multipart/"):
        return ACT.validate_json(await request.read()), {}
    form, files = b"", dict[str, bytes]()
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "form":
            form = await _at_most(part)
        elif len(files) < FILES:
            files[_free_name(part.filename or "file", files)] = await _at_most(part)
        else:
            raise NotDone(f"A message takes no more than {FILES} files.", 400)
    return ACT.validate_json(form), files


async def _at_most(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > FILE_BYTES:
            raise NotDone(f"{part.filename} is too large: {FILE_BYTES // 2**20} MiB is the most.", 413)
    return bytes(content)


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix
    numbered = (f"{stem}_{count}{suffix}" for count in range(2, FILES + 2))
    return next(one for one in (name, *numbered) if one not in taken)


def _viewer(request: web.Request) -> Person | None:
    """Return who looks: the person of that name, or whoever comes first when none is named."""
    guild = request.app[GUILD]
    name = request.query.get("as")
    fitting = (user.id for user in people(guild.world) if name in (None, user.name))
    found = next(fitting, None)
    return guild.person(found) if found else None


def _about(about: PageAbout) -> Payload:
    return {"facts": dict(about.facts), "hints": [html(line, NO_NAMES) for line in about.hints]}


def _json(body: Payload, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers=HEADERS)
