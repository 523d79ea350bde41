"""The way out of an agent's box: what it opens for whom, and what becomes of it."""

import asyncio
import io
import json
import logging
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.agents.scripted import ADAPTER as SCRIPTED
from sessions.errors import AgentError
from sessions.keys import TurnId, session_key
from sessions.log import LineFormatter, turn_context
from sessions.paths import Paths
from sessions.redaction import Redactor
from sessions.way_out import Egress
from tests.support.agents import make_spec
from tests.support.egress import ask, connect, server


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    return make_spec(tmp_path / "room", str(uuid4()))


async def opened_for(
    tmp_path: Path, adapter: AgentAdapter, spec: SessionSpec, *targets: str, allow: tuple[str, ...] = ()
) -> list[bytes]:
    """Return the first lines that an agent's way out says to each target."""
    async with asyncio.TaskGroup() as tasks:
        proxy, spec = await Egress(adapter, Paths(tmp_path), allow).open(spec, tasks)
        assert spec.way_out is not None
        assert (spec.way_out.socket, spec.way_out.hosts) == (proxy.path, allow)
        try:
            return [(await ask(proxy.path, connect(target))).split(b"\r\n")[0] for target in targets]
        finally:
            await proxy.close()


YES, NO = b"HTTP/1.1 200 Connection established", b"HTTP/1.1 403 Not in egress.allow"


async def test_it_opens_the_model_of_that_agent_and_what_is_listed(tmp_path: Path, spec: SessionSpec) -> None:
    async with server() as model, server() as listed, server() as other:
        spec = replace(spec, env={"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model}"})
        targets = [f"127.0.0.1:{port}" for port in (model, listed, other)]
        said = await opened_for(tmp_path, CLAUDE, spec, *targets, allow=(f"127.0.0.1:{listed}",))
    assert said == [YES, YES, NO]


async def test_an_agent_without_a_model_reaches_what_is_listed_alone(
    tmp_path: Path, spec: SessionSpec
) -> None:
    async with server() as model:
        spec = replace(spec, env={"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model}"})
        assert await opened_for(tmp_path, SCRIPTED, spec, f"127.0.0.1:{model}") == [NO]


def test_claudes_model_is_anthropics_unless_the_environment_says_otherwise() -> None:
    assert CLAUDE.model_url({}) == "https://api.anthropic.com"
    assert CLAUDE.model_url({"ANTHROPIC_BASE_URL": ""}) == "https://api.anthropic.com"
    assert CLAUDE.model_url({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}) == "http://127.0.0.1:1"


async def test_a_model_whose_address_is_none_is_said_to_the_person(tmp_path: Path, spec: SessionSpec) -> None:
    spec = replace(spec, env={"ANTHROPIC_BASE_URL": "localhost:4000"})
    async with asyncio.TaskGroup() as tasks:
        with pytest.raises(AgentError, match="that is no address of a model"):
            await Egress(CLAUDE, Paths(tmp_path), ()).open(spec, tasks)


async def test_its_lines_in_the_log_name_the_room_and_no_turn(tmp_path: Path, spec: SessionSpec) -> None:
    """It is opened in a turn and serves later ones too."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter("json", Redactor()))
    logger = logging.getLogger("sessions.box.egress")
    logger.addHandler(handler)
    try:
        async with asyncio.TaskGroup() as tasks:
            with turn_context(session_key("elsewhere"), TurnId(7)):
                proxy, _ = await Egress(CLAUDE, Paths(tmp_path), ()).open(spec, tasks)
            await ask(proxy.path, connect("a.test:443"))
            await proxy.close()
    finally:
        logger.removeHandler(handler)
    line = json.loads(stream.getvalue().splitlines()[0])
    assert (line["message"], line["key"], line.get("turn")) == ("egress refused", spec.key, None)


async def test_one_that_cannot_be_opened_is_said_to_the_person(tmp_path: Path, spec: SessionSpec) -> None:
    (tmp_path / "egress").touch()
    async with asyncio.TaskGroup() as tasks:
        with pytest.raises(AgentError, match="way into the network could not be opened"):
            await Egress(CLAUDE, Paths(tmp_path), ()).open(spec, tasks)


@pytest.mark.parametrize("key", ["default", "123456789012345678", "A" * 64])
async def test_every_key_has_a_socket_of_its_own_that_the_kernel_takes(
    tmp_path: Path, spec: SessionSpec, key: str
) -> None:
    spec = replace(spec, key=session_key(key))
    async with asyncio.TaskGroup() as tasks:
        proxy, _ = await Egress(CLAUDE, Paths(tmp_path), ()).open(spec, tasks)
        assert proxy.path.is_socket()
        await proxy.close()
    assert not proxy.path.exists()
