"""The settings about the network of strict boxes: which hosts agents reach beside their model."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import NoDecode

from bot.settings_types import list_of
from sessions.box.egress_rules import Entry


def _entry(text: str) -> str:
    """Return an entry as it counts: in lower case, without a last dot. Raises ValueError."""
    return str(Entry.parse(text))


class EgressSettings(BaseModel):
    """What agents reach of the network where the isolation is `strict`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: Annotated[
        tuple[Annotated[str, AfterValidator(_entry)], ...],
        NoDecode,
        list_of('hosts, such as ["example.org", "*.example.org:8443"]'),
    ] = Field(
        default=(),
        description="With `strict`: the hosts that agents reach beside their model, such as"
        ' `["example.org", "*.example.com:8443"]`; without a port 80 and 443 are open. A private address must'
        " be listed as an address.",
    )
