"""Plays scenes one after the other, each in a room of its own, and keeps their pictures."""

import asyncio
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from playwright.async_api import Browser
from playwright.async_api import Error as BrowserError

from bot.demo.guild import Refused, Unseen
from tests.support.browser import ARTEFACTS, chromium
from tests.tour.scene import Scene
from tests.tour.stage import Stage, stage

_SCENE_S = 120.0


async def played(scenes: Iterable[Scene], root: Path, pictures: Path) -> dict[str, str]:
    """Play scenes; return those that failed, with the reason. A picture is written only if it differs."""
    failed: dict[str, str] = {}
    async with chromium() as browser:
        for number, (settings, some) in enumerate(groupby(scenes, key=lambda scene: dict(scene.settings))):
            place = root / str(number)
            place.mkdir()
            failed |= await _on_one_stage(browser, place, [*some], settings, pictures)
    return failed


async def _on_one_stage(
    browser: Browser, root: Path, scenes: list[Scene], settings: Mapping[str, str], pictures: Path
) -> dict[str, str]:
    failed: dict[str, str] = {}
    async with stage(browser, root, [scene.name for scene in scenes], settings) as here:
        for scene in scenes:
            if reason := await _play(scene, here):
                failed[scene.name] = reason
            elif here.picture is not None:
                _keep(pictures / scene.picture, here.picture)
    return failed


async def _play(scene: Scene, here: Stage) -> str:
    here.picture = None
    step: object = "entering"
    try:
        async with asyncio.timeout(_SCENE_S):
            await here.enter(here.guild.channel(scene.name))
            for step in scene.steps:
                await step.play(here)
            if here.picture is None:
                await here.shoot()
            await here.rest()
    except (AssertionError, BrowserError, Refused, Unseen, TimeoutError) as error:
        ARTEFACTS.mkdir(exist_ok=True)
        await here.page.screenshot(path=ARTEFACTS / f"tour-{scene.name}.png")
        first = str(error).strip().splitlines()
        return f"{step}: {first[0] if first else type(error).__name__}"
    return ""


def _keep(path: Path, picture: bytes) -> None:
    if not path.is_file() or path.read_bytes() != picture:
        path.write_bytes(picture)
