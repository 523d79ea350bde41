"""Secrets in every place where one can be, and a hostile agent: none is found where it must not be."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.guild.model import Message
from sessions.settings import Isolation
from tests.support.boxes import need
from tests.support.canaries import MODEL, Canaries, bash, command, files_of, ordinary, planted, processes
from tests.support.running_bot import World, world

pytestmark = [pytest.mark.timeout(300), pytest.mark.blocking]

SHOW_KEY = r"""
for key in "$ANTHROPIC_API_KEY" "$ANTHROPIC_AUTH_TOKEN" "$CLAUDE_CODE_OAUTH_TOKEN"; do
  echo "plain $key"; printf %s "$key" | fold -w 7; echo
  printf %s "$key" | base64; printf 'x:%s' "$key" | base64; printf 'a%s' "$key" | base64 -w 20
  printf %s "$key" | od -An -tx1 | tr -d ' \n'; echo; printf %s "$key" | od -An -tx1
  printf %s "$key" | od -An -tx1 | tr ' ' % | tr -d '\n'; echo
  printf %s "$key" | sed 's/./& /g'; echo
done
"""
SHOW_ENV = "env | sort; echo $((40 + 2))"
SHOW_PROC = r"""
cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/task/*/environ 2>/dev/null |
  tr '\0' '\n' | grep -a cnry | sort -u
readlink /proc/PID/fd/* /proc/PID/cwd /proc/PID/exe 2>/dev/null | sed 's/^/opened /'
for name in mem environ maps; do
  if (exec 3</proc/PID/$name) 2>/dev/null; then echo opened $name; fi
done
echo $((40 + 2))
"""
SHOW_FILES = r"""
grep -rhaos 'cnry[0-9a-f.]*' DATA/.. "$HOME/../../.." ../../.. /run /var/lib 2>/dev/null |
  sort -u | grep -v '^cnry$'
echo $((40 + 2))
"""


@asynccontextmanager
async def hostile(
    tmp_path: Path, isolation: Isolation, **settings: str
) -> AsyncGenerator[tuple[World, Canaries, Path]]:
    need(isolation)
    log = tmp_path / "log"
    async with world(tmp_path, settings={"ROOMKEY_ISOLATION": isolation, **settings}) as here:
        canaries = planted(here)
        async with asyncio.TaskGroup() as tasks:
            starting = tasks.create_task(here.start(*command(log, isolation)))
            while not starting.done():
                await asyncio.wait([starting], timeout=0.5)
                assert here.bot is None or here.bot.returncode is None, log.read_text()
        yield here, canaries, log


async def run(here: World, script: str, words: str = "42") -> Message:
    """Have the agent run a script, allow it, and return the answer."""
    ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
    said = await ann.says(bash(script), workshop)
    card = await workshop.next_from_bot(after=said, containing="needs your permission", timeout=60)
    await ann.clicks(card, label="Allow once")
    return await workshop.next_from_bot(
        after=said, matching=lambda m: "tool said" in m.content and "\n-# " not in m.content, timeout=60
    )


def assert_shown_nowhere(here: World, canaries: Canaries, log: Path, *, model_knows: tuple[str, ...]) -> None:
    """Look into every sink: what people see, what is kept and logged, what runs, what the model hears."""
    ledger = here.guild.ledger
    payloads = [
        repr((entry.method, entry.path, entry.query, entry.body, entry.file_names))
        for entry in ledger.entries
    ]
    assert len(payloads) > 10
    assert [payload for payload in payloads if canaries.found_in(payload)] == []
    logged = log.read_text()
    assert '"level": "debug"' in logged
    assert canaries.found_in(logged) == []
    stored = [text for path, text in files_of(here.data_dir) if path.name.startswith("roomkey.sqlite3")]
    assert stored
    assert [canaries.found_in(text) for text in stored] == [[]] * len(stored)
    for path, text in files_of(here.data_dir.parent):
        own_room = here.guild.channel("workshop").id in path.parts
        planted_here = [name for name in canaries.found_in(text) if str(path).endswith(name)]
        planted_here += ["settings"] * (path.name == "roomkey.toml") + ["token"] * (
            path.name == "discord-token"
        )
        left = set(canaries.found_in(text)) - set(planted_here) - (set(model_knows) if own_room else set())
        assert left == set(), path
    for pid, line, env in processes():
        assert canaries.found_in(line) == [], (pid, line)
        if "ROOMKEY_SESSION=" in env:
            assert canaries.found_in(env, but=model_knows) == [], (pid, line)
    heard = [text for request in here.model.requests for text in (*request.texts, request.system)]
    assert {name for text in heard for name in canaries.found_in(text)} <= set(model_knows)


@pytest.mark.parametrize("isolation", ["none", "landlock", "bwrap", "strict"])
async def test_a_hostile_agent_brings_no_secret_to_light(tmp_path: Path, isolation: Isolation) -> None:
    async with hostile(tmp_path, isolation) as (here, canaries, log):
        assert len(canaries.values) >= 20
        shown = await run(here, SHOW_KEY)
        if isolation != "strict":  # there Claude's own sandbox keeps the key from its shell
            assert shown.content.count("[secret]") > 10  # the agent has its key, and people do not see it
        assert "cnry" not in shown.content.partition("tool said")[2]
        assert "PATH=" in (await run(here, SHOW_ENV)).content
        assert here.bot is not None
        looked = await run(here, SHOW_PROC.replace("PID", str(here.bot.pid)))
        assert "opened" not in looked.content
        if isolation != "none":  # without a box an agent may read whatever its user may
            await run(here, SHOW_FILES.replace("DATA", str(here.data_dir)))
        await here.status(here.guild.channel("workshop"))
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        await ann.runs("/queue", workshop)
        assert shown.reference is not None
        await ann.runs("/why", workshop, message=str(shown.reference.message_id))
        assert_shown_nowhere(here, canaries, log, model_knows=MODEL)


@pytest.mark.parametrize("isolation", ["none", "bwrap", "strict"])
async def test_with_the_credential_proxy_an_agent_has_no_credential_and_its_turns_work(
    tmp_path: Path, isolation: Isolation
) -> None:
    settings = {"ROOMKEY_AGENT__CREDENTIAL_PROXY": "true"}
    async with hostile(tmp_path, isolation, **settings) as (here, canaries, log):
        assert here.bot is not None
        for script in (SHOW_KEY, SHOW_ENV, SHOW_PROC.replace("PID", str(here.bot.pid))):
            await run(here, script)
        token = canaries.values["ANTHROPIC_AUTH_TOKEN"]
        logins = here.model.logins
        assert len(logins) >= 6
        assert {login.get("authorization") for login in logins} == {f"Bearer {token}"}
        assert {login.get("x-api-key") for login in logins} <= {None, canaries.values["ANTHROPIC_API_KEY"]}
        assert_shown_nowhere(here, canaries, log, model_knows=("proxy password",))


async def test_a_look_into_processes_finds_what_is_not_closed(tmp_path: Path) -> None:
    """The scripts above would find a secret: they find one in a process that lets others look."""
    async with hostile(tmp_path, "none") as (here, canaries, _):
        decoy = await asyncio.create_subprocess_exec(
            *ordinary(),
            *("sh", "-c", "echo ready; read word"),
            env={"PATH": os.environ["PATH"], "DECOY": canaries.values["GITHUB_TOKEN"]},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert decoy.stdout is not None
        assert decoy.stdin is not None
        await decoy.stdout.readline()
        try:
            looked = await run(here, SHOW_PROC.replace("PID", str(decoy.pid)))
        finally:
            decoy.stdin.close()
            await decoy.wait()
        assert canaries.found_in(looked.content) == ["GITHUB_TOKEN"]
        assert "opened mem" in looked.content


async def test_what_a_person_says_themselves_is_masked_in_all_that_the_bot_says(tmp_path: Path) -> None:
    async with hostile(tmp_path, "none") as (here, canaries, _):
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        key = canaries.values["ANTHROPIC_API_KEY"]
        said = await ann.says(f"say:the key is {key} and {' '.join(key)}, is it not?", workshop)
        answer = await workshop.next_from_bot(after=said, containing="is it not", timeout=60)
        assert "the key is [secret] and [secret], is it not?" in answer.content
        said = await ann.says(bash(f"touch x; echo {key}; echo y"), workshop)
        card = await workshop.next_from_bot(after=said, containing="needs your permission", timeout=60)
        assert "touch x; echo [secret]; echo y" in card.content
        await ann.says(f"and then {key[:9]} {key[9:]}, markdown {key}*", workshop)
        await ann.runs("/queue", workshop)
        await ann.clicks(card, label="Deny")
        await workshop.next_from_bot(after=said, containing="tool said", timeout=60)
        bodies = [repr(entry.body) for entry in here.guild.ledger.entries]
        assert [body for body in bodies if canaries.found_in(body)] == []
        assert [body for body in bodies if key[:12] in body] == []  # no beginning, while answers grew


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"ANTHROPIC_API_KEY": "k3y-7ch"}, "ANTHROPIC_API_KEY has fewer than 8 characters"),
        ({"HTTPS_PROXY": "http://joe:k3y-7ch@127.0.0.1:9"}, "The password in HTTPS_PROXY has fewer than 8"),
        ({"ROOMKEY_AGENT__MAX_RUNNING": "k3y-cnry-0123"}, "ROOMKEY_AGENT__MAX_RUNNING"),
        ({"DISCORD_BOT_TOKEN": "k3y-cnry-0123"}, "DISCORD_BOT_TOKEN does not hold a bot token"),
        ({"ROOMKEY_DISCORD__API_BASE": "k3y-cnry-0123"}, "ROOMKEY_DISCORD__API_BASE"),
    ],
)
async def test_a_start_that_is_refused_names_the_place_and_never_the_secret(
    tmp_path: Path, variables: dict[str, str], place: str
) -> None:
    async with world(tmp_path, settings=variables) as here:
        here.bot = bot = await asyncio.create_subprocess_exec(
            *command(tmp_path / "log"), env=here.environment(), stdin=asyncio.subprocess.DEVNULL
        )
        assert await bot.wait() == 78
    said = (tmp_path / "log").read_text()
    assert place in said
    assert "k3y" not in said


@pytest.mark.parametrize("place", ["data", "data/bin", "data/roomkey.toml", "config", "config/roomkey.toml"])
async def test_a_start_is_refused_where_others_can_write(tmp_path: Path, place: str) -> None:
    async with world(tmp_path) as here:
        for folder in (here.data_dir, here.data_dir / "bin", tmp_path / "config"):
            folder.mkdir(mode=0o700)
        for folder in (here.data_dir, tmp_path / "config"):
            (folder / "roomkey.toml").touch(mode=0o600)
        if "config" in place:
            here.settings["ROOMKEY_CONFIG"] = str(tmp_path / "config" / "roomkey.toml")
        (tmp_path / place).chmod(0o770)
        here.bot = bot = await asyncio.create_subprocess_exec(
            *command(tmp_path / "log"), env=here.environment(), stdin=asyncio.subprocess.DEVNULL
        )
        assert await bot.wait() == 78
    assert f"run: chmod go-w {tmp_path / place}" in (tmp_path / "log").read_text()
