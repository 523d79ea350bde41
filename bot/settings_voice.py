"""The settings about voice messages: who writes down what is said in them, if anybody does."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from bot.settings_types import HttpAddress, list_of

Words = Annotated[tuple[str, ...], NoDecode, list_of('words, such as ["whisper", "--output-txt"]')]


class VoiceSettings(BaseModel):
    """Who writes down voice messages. With neither a command nor an address nobody does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Words = Field(
        default=(),
        description="The program that writes down a voice message, with its arguments, such as"
        ' `["/usr/local/bin/hear", "{file}"]`: it gets a copy of the audio as `{file}`, else as its last'
        " argument, and prints the words. It runs as Roomkey does, in no box.",
    )
    url: HttpAddress | None = Field(
        default=None,
        description="Address of an OpenAI-compatible service that does it instead, such as"
        " `http://127.0.0.1:8000/v1`; voice messages are sent there.",
    )
    key: SecretStr | None = Field(default=None, description="What that service is given as its bearer token.")
    model: str = Field(default="whisper-1", description="The model that the service is to use.")
    language: str = Field(
        default="", description="The language that is spoken, such as `en`; empty lets the service find out."
    )
    words: str = Field(
        default="",
        max_length=1000,
        description="Names and words of your projects, for the service to know how they are spelt.",
    )
    limit_s: float = Field(default=60.0, gt=0, le=600, description="Seconds that one voice message may take.")
    max_mib: int = Field(default=10, ge=1, le=25, description="The largest voice message in MiB.")

    @property
    def secret(self) -> str:
        """The service's token; "" without one."""
        return self.key.get_secret_value() if self.key else ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.command and self.url:
            raise ValueError("give voice.command or voice.url, and not both")
        return self
