"""The files for those who prefer containers: what can be known of them without an engine to build them."""

import re
from pathlib import Path

import pytest

from bot.settings import load_settings

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "deploy" / "container" / "Containerfile").read_text("utf-8")
COMPOSE = (ROOT / "deploy" / "container" / "compose.yaml").read_text("utf-8")


def test_what_is_copied_exists() -> None:
    copied = [
        one for line in re.findall(r"^COPY (.*)$", CONTAINERFILE, re.MULTILINE) for one in line.split()[:-1]
    ]
    assert len(copied) >= 9
    assert [one for one in copied if not (ROOT / one).exists()] == []


def test_it_runs_as_a_user_with_nothing_and_keeps_its_state() -> None:
    user = re.search(r"^USER (\w+)$", CONTAINERFILE, re.MULTILINE)
    assert user is not None
    assert user[1] == "roomkey"
    assert "VOLUME /var/lib/roomkey" in CONTAINERFILE
    assert "cap_drop: [ALL]" in COMPOSE
    assert "EXPOSE" not in CONTAINERFILE
    assert "ports:" not in COMPOSE


def test_its_settings_are_settings(tmp_path: Path) -> None:
    said = re.findall(r"\b(ROOMKEY_\w+)=(\S+)", CONTAINERFILE)
    said += re.findall(r'\b(ROOMKEY_\w+): "?([^"\n]+)', COMPOSE)
    environ = dict(said)
    assert "ROOMKEY_ISOLATION" in environ
    del environ["ROOMKEY_CONFIG"]
    settings = load_settings(environ=environ)
    assert str(settings.data_dir) == "/var/lib/roomkey"


def test_a_stop_leaves_turns_the_time_that_they_are_promised() -> None:
    stop = re.search(r"stop_grace_period: (\d+)s", COMPOSE)
    turns = re.search(r'ROOMKEY_AGENT__GRACE_S: "(\d+)"', COMPOSE)
    assert stop is not None
    assert turns is not None
    assert int(turns[1]) + 10 <= int(stop[1])


@pytest.mark.parametrize("text", [CONTAINERFILE, COMPOSE])
def test_no_secret_is_built_in(text: str) -> None:
    assert re.findall(r"(?i)(?:token|key|password|secret)\s*[:=]\s*[A-Za-z0-9_.-]{20,}", text) == []
