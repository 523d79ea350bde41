"""What a bot made of an interaction, as whoever used it sees it; always as it stands now."""

from bot.demo.guild.errors import Refused
from bot.demo.guild.interaction import Callback, Interaction, Modal
from bot.demo.guild.model import Message
from bot.demo.guild.waits import Stage


class Answer:
    """What a bot made of an interaction; always as it stands now."""

    def __init__(self, stage: Stage, interaction_id: str) -> None:
        self._world = stage.world
        self._id = interaction_id

    @property
    def interaction(self) -> Interaction:
        """The interaction itself; `acknowledged` is how the bot answered first."""
        return self._world.interactions[self._id]

    @property
    def is_there(self) -> bool:
        """Whether the bot has answered; "is thinking" is no answer yet."""
        acknowledged = self.interaction.acknowledged
        if acknowledged is Callback.DEFERRED_MESSAGE:
            return not any(message.is_loading for message in self.messages)
        return acknowledged is not None

    @property
    def messages(self) -> list[Message]:
        """The messages of the answer that still stand: the original (or the clicked one) and follow-ups."""
        place = self._world.messages.get(self.interaction.channel_id, {})
        return [place[message_id] for message_id in self.interaction.message_ids if message_id in place]

    @property
    def message(self) -> Message:
        """The first of `messages`; raises IndexError when the answer had none."""
        return self.messages[0]

    @property
    def content(self) -> str:
        """The text of `message`."""
        return self.message.content

    @property
    def modal(self) -> Modal:
        """The dialogue that the answer opened and that is still open; raises Refused without one."""
        for modal in self._world.modals.values():
            if modal.interaction_id == self._id:
                return modal
        raise Refused("the answer opened no dialogue, or it was submitted already")
