"""The page over HTTP: who is told what, what is done in whose name, and who is kept out."""

import re
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import aiohttp
import pytest

from bot.demo.guild import OfflineGuild, Permission, commands, messages
from bot.demo.guild.drafts import Draft
from bot.demo.guild.page_api import PageAbout, page_routes
from tests.support.page_client import PageClient, Told

PAGE = Path(__file__).parents[2] / "bot" / "demo" / "page"
STATUS = {"name": "status", "description": "What runs", "type": 1}


class Desk:
    """A guild with its page, ann and ben at it; `answer_within_s` is short, for no bot is connected."""

    def __init__(self, guild: OfflineGuild, session: aiohttp.ClientSession) -> None:
        self.guild = guild
        self.session = session
        self.ann = PageClient(session, guild, "ann")
        self.ben = PageClient(session, guild, "ben")
        self.desk = guild.channel("desk")


@pytest.fixture
async def here() -> AsyncGenerator[Desk]:
    about = PageAbout(facts={"Isolation": "none"}, hints=("Say **hello**.",))
    routes = page_routes(about, answer_within_s=0.05)
    async with (
        OfflineGuild(channels=["desk", "lab"], forum=["ideas"], users=["ann", "ben"], routes=routes) as guild,
        aiohttp.ClientSession() as session,
    ):
        yield Desk(guild, session)


def _is(text: str) -> Callable[[Told], bool]:
    return lambda told: told["text"] == text


async def test_a_stream_begins_with_all_that_somebody_sees(here: Desk) -> None:
    await here.guild.user("ben").says("good **morning**", here.desk)
    async with here.ann.changes() as changes:
        world = await changes.next("world")

    assert world["about"] == {
        "facts": {"Isolation": "none"},
        "hints": ["<p>Say <strong>hello</strong>.</p>\n"],
    }
    assert world["me"]["name"] == "ann"
    assert [one["name"] for one in world["people"]] == ["ann", "ben"]
    assert [one["name"] for one in world["places"]] == ["desk", "lab", "ideas"]
    (said,) = world["messages"][here.desk.id]
    assert said["html"] == "<p>good <strong>morning</strong></p>\n"
    assert {act for act, may in said["may"].items() if may} == {"reply", "use", "react", "thread"}


async def test_what_happens_is_told_as_it_stands(here: Desk) -> None:
    ben = here.guild.user("ben")
    async with here.ann.changes() as changes:
        await changes.next("world")
        await ben.types(here.desk)
        assert (await changes.next("typing"))["name"] == "ben"
        said = await ben.says("one", here.desk)
        assert not (await changes.next("message", _is("one")))["edited"]
        await ben.edits(said, "one two")
        assert (await changes.next("message", _is("one two")))["edited"]
        await ben.reacts(said, "👍")
        told = await changes.next("message", lambda told: told["reactions"] != [])
        assert told["reactions"] == [{"emoji": "👍", "count": 1, "mine": False, "who": ["ben"]}]
        await ben.deletes(said)
        assert await changes.next("gone") == {"id": said.id, "place": here.desk.id}


async def test_an_ephemeral_answer_is_told_to_its_user_alone(here: Desk) -> None:
    secret = _ephemeral(here, "for ann")
    async with here.ann.changes() as for_ann, here.ben.changes() as for_ben:
        ann_sees, ben_sees = await for_ann.next("world"), await for_ben.next("world")
        _ephemeral(here, "again for ann")
        await here.guild.user("ben").says("the end", here.desk)
        ann_hears = await for_ann.until("message", _is("the end"))
        ben_hears = await for_ben.until("message", _is("the end"))

    assert [one["id"] for one in ann_sees["messages"][here.desk.id]] == [secret]
    assert ben_sees["messages"][here.desk.id] == []
    assert [told["text"] for _, told in ann_hears] == ["again for ann", "the end"]
    assert [told["text"] for _, told in ben_hears] == ["the end"]


async def test_a_place_that_somebody_may_not_see_is_not_told(here: Desk) -> None:
    lab, ann, ben = here.guild.channel("lab"), here.guild.user("ann"), here.guild.user("ben")
    lab.deny(ben.id, Permission.VIEW_CHANNEL)
    here.desk.allow(ann.id, Permission.CREATE_PRIVATE_THREADS)
    corner = await ann.opens_thread(here.desk, "corner", private=True)
    async with here.ben.changes() as changes:
        world = await changes.next("world")
        await ann.types(lab)
        await ann.says("secret", lab)
        await ann.says("secret, too", corner)
        await ann.says("open", here.desk)
        heard = await changes.until("message", _is("open"))

    assert world["messages"].keys().isdisjoint({lab.id, corner.id})
    assert [one["name"] for one in world["places"]] == ["desk", "ideas"]
    assert [name for name, _ in heard] == ["message"]


async def test_a_page_from_elsewhere_may_not_act(here: Desk) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {}):
        status, answer = await here.ann.act("say", place=here.desk.id, text="forged", headers=headers)
        assert (status, answer) == (403, {"error": "Another page may not act in this guild."})
    port = here.guild.url.rpartition(":")[2]
    rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
    status, _ = await here.ann.act("say", place=here.desk.id, text="forged", headers=rebound)
    assert status == 403
    for path in ("/", "/page/page.js", "/page/changes?as=ann"):
        async with here.session.get(here.guild.url + path, headers={"Host": "evil.example"}) as response:
            assert response.status == 403
    assert here.desk.messages() == []


async def test_a_browser_loads_and_runs_only_what_is_ours(here: Desk) -> None:
    async with here.session.get(here.guild.url + "/") as response:
        assert response.status == 200
        assert "default-src 'none'; script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
    said = await here.guild.user("ben").says("", here.desk, files={"a.html": b"<script>alert(1)</script>"})
    url = f"{here.guild.url}/attachments/{here.desk.id}/{said.attachments[0].id}/a.html"
    async with here.session.get(url) as response:
        assert response.headers["Content-Security-Policy"] == "sandbox"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["..%2f..%2fguild%2fmodel.py", "page.py", "nothing.js", "index.html"])
async def test_no_other_file_is_served(here: Desk, name: str) -> None:
    async with here.session.get(f"{here.guild.url}/page/{name}") as response:
        assert response.status == 404


def test_the_page_is_plain_and_names_no_other_server() -> None:
    files = sorted(PAGE.iterdir())
    assert {file.suffix for file in files} == {".html", ".css", ".js"}
    for file in files:
        addresses = set(re.findall(r"https?://[\w./]+", file.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file.name


async def test_people_write_with_files_change_and_delete(here: Desk) -> None:
    assert (await here.ann.act("say", place=here.desk.id, text="look", files={"a.txt": b"x", "b.png": b"y"}))[
        0
    ] == 200
    (said,) = here.desk.messages()
    assert [(file.name, here.guild.world.files[file.id]) for file in said.attachments] == [
        ("a.txt", b"x"),
        ("b.png", b"y"),
    ]
    await here.ben.act("say", place=here.desk.id, text="I see", reply_to=said.id)
    await here.ann.act("edit", place=here.desk.id, message=said.id, text="look here")
    await here.ben.act("react", place=here.desk.id, message=said.id, emoji="👀", on=True)
    assert here.desk.transcript() == (
        "ann: look here (edited)\n  file a.txt (1 B)\n  file b.png (1 B)\n  👀 1\nben: I see"
    )
    await here.ben.act("react", place=here.desk.id, message=said.id, emoji="👀", on=False)
    await here.ann.act("delete", place=here.desk.id, message=said.id)
    assert here.desk.transcript() == "ben: I see"


async def test_people_open_threads_posts_and_direct_messages(here: Desk) -> None:
    said = await here.guild.user("ben").says("an idea", here.desk)
    on_message = await here.ann.act("open_thread", place=here.desk.id, message=said.id, name="the idea")
    alone = await here.ann.act("open_thread", place=here.desk.id, name="alone")
    forum = here.guild.channel("ideas")
    post = await here.ann.act("post", place=forum.id, title="a post", text="its text", files={"a.txt": b"x"})
    direct = await here.ann.act("open_direct", bot=here.guild.bot.id)

    assert on_message == (200, {"place": said.id})
    assert here.guild.place(alone[1]["place"]).name == "alone"
    assert here.guild.place(post[1]["place"]).transcript() == "ann: its text\n  file a.txt (1 B)"
    assert here.guild.place(direct[1]["place"]).channel.is_dm


async def test_people_rename_and_remove_what_they_may(here: Desk) -> None:
    _, opened = await here.ann.act("open_thread", place=here.desk.id, name="old")
    assert await here.ann.act("rename", place=opened["place"], name="new") == (200, {})
    assert here.guild.place(opened["place"]).name == "new"
    assert await here.ben.act("rename", place=opened["place"], name="his") == (
        403,
        {"error": "You may not do that here."},
    )
    assert await here.ann.act("archive", place=opened["place"]) == (200, {})
    assert await here.ann.act("remove", place=opened["place"]) == (
        403,
        {"error": "You may not do that here."},
    )
    async with here.ann.changes() as changes:
        world = await changes.next("world")
    may = {one["name"]: (one["may_rename"], one["may_close"], one["may_remove"]) for one in world["places"]}
    assert may["new"] == (True, False, False)
    assert may["desk"] == (False, False, False)


async def test_commands_on_messages_are_offered_apart_from_typed_ones(here: Desk) -> None:
    on_message = {"name": "Ask about this", "type": 3}
    made = commands.register(here.guild.world, here.guild.bot.id, None, [STATUS, on_message])
    said = await here.guild.user("ben").says("look", here.desk)
    async with here.ann.changes() as changes:
        world = await changes.next("world")
    (desk,) = [one for one in world["places"] if one["id"] == here.desk.id]
    assert (desk["commands"], desk["on_messages"]) == ([made[0].id], [made[1].id])
    used_on = here.ann.act("use", place=here.desk.id, message=said.id, command=made[1].id)
    assert await used_on == (504, {"error": "The application did not respond."})
    (used,) = here.guild.world.interactions.values()
    assert used.data["target_id"] == said.id


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"act": "say", "text": " "}, 400, "There is nothing to send: write something or add a file."),
        ({"act": "say", "text": "x" * 4001}, 400, "Content: Must be between 0 and 4000 in length."),
        (
            {"act": "run", "line": "nothing", "options": {}},
            400,
            "/nothing is not offered here; there are: /status.",
        ),
        ({"act": "run", "line": "status", "options": {}}, 504, "The application did not respond."),
        ({"act": "delete", "message": "1"}, 404, "This message was deleted."),
        ({"act": "say"}, 400, "The guild did not understand this page: reload it."),
        ({"act": "fly"}, 400, "The guild did not understand this page: reload it."),
    ],
)
async def test_what_is_not_done_is_told_in_a_sentence(
    here: Desk, form: Told, status: int, sentence: str
) -> None:
    commands.register(here.guild.world, here.guild.bot.id, None, [STATUS])
    assert await here.ann.act(place=here.desk.id, **form) == (status, {"error": sentence})


async def test_a_file_that_is_too_large_is_refused_while_it_arrives(here: Desk) -> None:
    status, answer = await here.ann.act(
        "say", place=here.desk.id, text="", files={"big.bin": bytes(10 * 2**20 + 1)}
    )
    assert (status, answer["error"]) == (413, "big.bin is too large: 10 MiB is the most.")
    assert here.desk.messages() == []


async def test_nobody_speaks_as_a_bot_or_as_the_owner(here: Desk) -> None:
    for name in ("robot", "guild-owner", "nobody"):
        client = PageClient(here.session, here.guild, name)
        status, _ = await client.act("say", place=here.desk.id, text="it is me")
        assert status == 404


def _ephemeral(here: Desk, text: str) -> str:
    draft = Draft(text, visible_to=here.guild.user("ann").id)
    return messages.post(here.guild.world, here.guild.bot.id, here.desk.id, draft).id
