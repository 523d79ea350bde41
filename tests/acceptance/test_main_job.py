"""The main job with nothing faked but Discord and the model: the real bot, the real Claude Code."""

import json
import re
from pathlib import Path

import pytest

from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy


async def test_two_listen_channels_share_the_default_session(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        lobby, desk = here.guild.channel("lobby"), here.guild.channel("front-desk")
        await here.ask("the word is kiwi", lobby, "first thing")
        answer = await here.ask("what do you know", desk, "told me 2 things")
        assert "kiwi" in answer.content
        assert "`default`" in (await here.status(lobby))["Room"]
        assert (await here.status(lobby))["Session"] == (await here.status(desk))["Session"]


async def test_another_channel_has_its_own_directory_and_session(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        lobby, workshop = here.guild.channel("lobby"), here.guild.channel("workshop")
        await here.ask("the word is kiwi", lobby, "first thing")
        await here.ask("the word is plum", workshop, "first thing")
        await here.ask("once more", lobby, "told me 2 things")
        shared, own = await here.status(lobby), await here.status(workshop)
        assert workshop.id in own["Room"]
        for line in ("Session", "Workdir", "Memory"):
            assert shared[line] != own[line]
        assert workshop.id in own["Workdir"]
        _assert_apart(here, "kiwi", "plum", turns=3)


async def test_a_thread_has_its_own_session_also_in_a_listen_channel(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, lobby = here.guild.user("ann"), here.guild.channel("lobby")
        await here.ask("the word is kiwi", lobby, "first thing")
        thread = await ann.opens_thread(lobby, "aside")
        await here.ask("the word is plum", thread, "first thing")
        post = await ann.posts(here.guild.channel("ideas"), "an idea", "the word is quince")
        await post.next_from_bot(containing="first thing", timeout=60)
        assert len({(await here.status(place))["Session"] for place in (lobby, thread, post)}) == 3
        _assert_apart(here, "kiwi", "plum", turns=3)
        _assert_apart(here, "kiwi", "quince", turns=3)


async def test_a_direct_message_has_its_own_session(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.settings["ROOMKEY_DISCORD__ALLOWED_USERS"] = json.dumps([here.guild.user("ann").id])
        await here.start()
        direct = here.guild.user("ann").dm(here.guild.bot)
        await here.ask("the word is kiwi", here.guild.channel("lobby"), "first thing")
        await here.ask("the word is plum", direct, "first thing")
        _assert_apart(here, "kiwi", "plum", turns=2)


async def test_sessions_survive_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        await here.ask("the word is kiwi", workshop, "first thing")
        before = await here.status(workshop)
        assert await here.stop() == 0
        await here.start()
        answer = await here.ask("what was the word", workshop, "told me 2 things")
        assert "kiwi" in answer.content
        assert (await here.status(workshop))["Session"].split("·")[0] == before["Session"].split("·")[0]


async def test_sessions_survive_a_kill(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        await here.ask("the word is kiwi", workshop, "first thing")
        ann = here.guild.user("ann")
        said = await ann.says("slow:20", workshop)
        await workshop.next_from_bot(after=said, containing="\n-# ", timeout=60)
        await here.kill()
        await here.start()
        cut = await workshop.next_from_bot(after=said, containing="ended without warning", timeout=60)
        assert cut.reference is not None
        assert cut.reference.message_id == said.id
        await ann.clicks(cut, label="Drop")
        answer = await here.ask("what was the word", workshop, "things in this room")
        assert "kiwi" in answer.content


async def test_old_threads_files_are_read_and_the_conversation_goes_on(tmp_path: Path) -> None:
    """A session made by the real CLI in the old place, named by an old-format file, continues here."""
    async with world(tmp_path) as here:
        workshop = here.guild.channel("workshop")
        await here.start()
        await here.ask("the word is kiwi", here.guild.channel("library"), "first thing")
        session = _session_id(await here.status(here.guild.channel("library")))
        await here.stop()
        project, config = tmp_path / "project", tmp_path / "claude-config"
        _lay_out_claudeclaw(here, project, config, workshop.id, session)
        before = (project / ".claude/claudeclaw/sessions.json").read_bytes()
        here.data_dir = tmp_path / "new-data"
        here.settings |= {"ROOMKEY_LEGACY_DIR": str(project), "CLAUDE_CONFIG_DIR": str(config)}
        await here.start()
        answer = await here.ask("what was the word", workshop, "told me 2 things")
        assert "kiwi" in answer.content
        assert _session_id(await here.status(workshop)) == session
        assert (project / ".claude/claudeclaw/sessions.json").read_bytes() == before


async def test_reset_and_status_act_on_the_session_the_channel_talks_to(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        lobby, workshop = here.guild.channel("lobby"), here.guild.channel("workshop")
        await here.ask("the word is kiwi", lobby, "first thing")
        await here.ask("the word is plum", workshop, "first thing")
        before, other = await here.status(workshop), await here.status(lobby)
        talked_to = here.heard("plum")[0].session
        assert talked_to in before["Session"]
        reset = await here.guild.user("ann").runs("/reset", workshop)
        assert reset.message is not None
        assert "starts fresh" in reset.message.content
        await workshop.next_from_bot(containing="Started fresh", timeout=60)
        await here.ask("what was the word", workshop, "first thing")
        after = await here.status(workshop)
        assert talked_to not in after["Session"]
        assert after["Workdir"] == before["Workdir"]
        answer = await here.ask("and here", lobby, "told me 2 things")
        assert "kiwi" in answer.content
        assert (await here.status(lobby))["Session"].split("·")[0] == other["Session"].split("·")[0]


async def test_stop_ends_the_turn_and_keeps_the_session(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        await here.ask("the word is kiwi", workshop, "first thing")
        said = await ann.says("slow:60", workshop)
        await workshop.next_from_bot(after=said, containing="word1", timeout=60)
        await ann.runs("/stop", workshop)
        await workshop.next_from_bot(after=said, containing="Stopped", timeout=60)
        answer = await here.ask("what was the word", workshop, "things in this room")
        assert "kiwi" in answer.content


async def test_a_file_lands_in_the_inbox_and_the_prompt_names_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("look", workshop, files={"notes.txt": b"the word is kiwi"})
        await workshop.next_from_bot(after=said, containing="first thing", timeout=60)
        [file] = (here.data_dir / "sessions" / workshop.id / "work" / "inbox").iterdir()
        assert file.read_bytes() == b"the word is kiwi"
        assert f"inbox/{file.name}" in here.model.requests[-1].prompt


async def test_allow_once_lets_a_tool_run_and_deny_does_not(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        work = here.data_dir / "sessions" / workshop.id / "work"
        for label, name in (("Allow once", "yes"), ("Deny", "no")):
            said = await ann.says(f'tool:Bash:{{"command": "touch {name} && echo made > {name}"}}', workshop)
            card = await workshop.next_from_bot(after=said, containing="needs your permission", timeout=60)
            assert f"touch {name}" in card.content
            await ann.clicks(card, label=label)
            await workshop.next_from_bot(after=said, containing="tool said", timeout=60)
        assert (work / "yes").exists()
        assert not (work / "no").exists()


def _assert_apart(here: World, one: str, other: str, *, turns: int) -> None:
    """No request that knows one word knows the other; every turn has its logged request."""
    assert len(here.model.requests) >= turns
    assert here.heard(one)
    assert here.heard(other)
    assert {r.session for r in here.heard(one)}.isdisjoint({r.session for r in here.heard(other)})


def _session_id(status: dict[str, str]) -> str:
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", status["Session"])
    assert found is not None
    return found[0]


def _lay_out_claudeclaw(here: World, project: Path, config: Path, channel_id: str, session: str) -> None:
    """Put the library's conversation where claudeclaw would have it, under the workshop's id."""
    state = project / ".claude" / "claudeclaw"
    state.mkdir(parents=True)
    slug = re.sub(r"[^A-Za-z0-9]", "-", str(project))
    home = here.data_dir / "sessions" / here.guild.channel("library").id / "home"
    [transcript] = home.glob(f"claude/projects/*/{session}.jsonl")
    (config / "projects" / slug).mkdir(parents=True)
    (config / "projects" / slug / transcript.name).write_bytes(transcript.read_bytes())
    entry = {
        "sessionId": session,
        "threadId": channel_id,
        "createdAt": "2026-03-01T10:00:46.250Z",
        "lastUsedAt": "2026-03-01T10:00:46.462Z",
        "turnCount": 1,
        "compactWarned": False,
    }
    (state / "sessions.json").write_text(json.dumps({"threads": {channel_id: entry}}, indent=2) + "\n")
