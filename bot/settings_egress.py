"""The settings about the network of strict boxes: which hosts agents reach beside their model."""

import json
from contextlib import suppress
from typing import Annotated, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from sessions.box.egress_rules import Entry


def _decoded(raw: object) -> object:
    """Return a list as it is, or as a variable writes it: in JSON."""
    if isinstance(raw, str):
        with suppress(ValueError, RecursionError):
            raw = json.loads(raw)
    if isinstance(raw, list | tuple):
        return cast("object", raw)
    raise ValueError('must be a list of hosts, such as ["example.org", "*.example.org:8443"]')


def _entry(text: str) -> str:
    """Return an entry as it counts: in lower case, without a last dot. Raises ValueError."""
    return str(Entry.parse(text))


class EgressSettings(BaseModel):
    """What agents reach of the network where the isolation is `strict`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: Annotated[
        tuple[Annotated[str, AfterValidator(_entry)], ...], NoDecode, BeforeValidator(_decoded)
    ] = Field(
        default=(),
        description="With `strict`: the hosts that agents reach beside their model, such as"
        ' `["example.org", "*.example.com:8443"]`; without a port 80 and 443 are open. A private address must'
        " be listed as an address.",
    )
