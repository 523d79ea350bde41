"""Pictures beside a prompt with the real Claude Code: what of them reaches the offline model."""

from uuid import uuid4

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec, TurnInput
from sessions.agents.claude import ADAPTER
from sessions.images import IMAGE_BYTES, image_in
from sessions.keys import TurnId
from tests.support.agents import talk
from tests.support.pictures import png


async def test_pictures_of_every_size_that_we_let_through_reach_the_model_in_one_that_it_takes(
    model: OfflineModel, spec: SessionSpec
) -> None:
    heavy = png(900, 700, more=b"x" * (IMAGE_BYTES - 100_000))
    images = tuple(image for content in (png(3, 2), png(4000, 3000), heavy) if (image := image_in(content)))
    assert len(images) == 3
    prompt = "[123456789012] Message from somebody:\n\nimages"
    async with talk(ADAPTER, spec) as agent:
        await agent.session.send(TurnInput(turn=TurnId(1), uuid=uuid4(), text=prompt, images=images))
        done = await agent.done(TurnId(1))
        [asked] = model.requests
    assert done.status == "ok"
    assert done.text.startswith(f"I see 3 images (image/png, {len(images[0].content)} bytes; ")
    assert all(image.size_bytes <= IMAGE_BYTES for image in asked.images)
    notes = [text for text in asked.texts if text.startswith("[Image: source: ")]
    assert "original 4000x3000, displayed at 2000x1500" in notes[1]
    # Our sealed line is the first thing that is said; Claude's own notes about pictures stand behind it.
    assert asked.texts.index(prompt) < asked.texts.index(notes[0])
