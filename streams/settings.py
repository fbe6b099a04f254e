"""Where things are: read once from the environment (`PAIDAN_…`) and handed in; nothing else reads the environment.

Left out on purpose: whatever decides. Time limits, ladders, caps belong to the city pack, which has versions; two
workers with different environments must still decide alike.
"""

import os
import re
import socket
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from . import logs

PREFIX = "PAIDAN_"


def _like(pattern: str, words: str) -> AfterValidator:
    """A text of this form; `words` tell a person what is asked for, which a regular expression does not."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


class SettingsError(Exception):
    """The environment cannot be used. The text has a line for each fault, and how the variable is called."""


class Settings(BaseSettings):
    """All settings, each `PAIDAN_<NAME>`, immutable. Made by `read`, which tells faults in words."""

    # An empty variable counts as not set: compose files and systemd units write them so.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    # Bootstrap brokers, "host:port,host:port". Empty: an embedded one, for as long as this process lives.
    kafka: Annotated[
        str, _like(r"([\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*)?", "host:port, or several with commas between")
    ] = ""

    # "redis://host:port/db" (rediss:// with TLS, unix:// for a socket). Empty: an embedded one. It may lose everything
    # at any time.
    redis: Annotated[str, _like(r"((rediss?|unix)://.+)?", "a URL like redis://host:6379/0")] = ""

    # What this machine keeps: the embedded broker's logs, the archive, photos, the key. Relative to the current
    # directory.
    data: Path = Path(".data")

    # The city pack: all that differs between two cities.
    city: Path = Path("deploy/jiaxing")

    # The file by which all processes of one run share a clock that is faster than the wall's. Not set: the wall's
    # clock.
    clock: Path | None = None

    # The file that says which source of reports wants its replies posted, where to, and signed by which secret
    # (streams/outbox/sources.py). Not set: all sources read the topic `replies`.
    sources: Path | None = None

    # The file that says through which channels `paidan notify` reaches squads whose own device is silent
    # (streams/notify/channels.py). Not set: through none.
    channels: Path | None = None

    # Port of /metrics on 127.0.0.1. 0: none.
    metrics_port: int = Field(0, ge=0, le=65535)

    # Where `paidan gateway` listens. Beyond this machine only if said so: before it belongs a server that speaks TLS.
    http_port: int = Field(8080, ge=0, le=65535)
    http_host: Annotated[str, _like(r"[A-Za-z0-9.:-]{1,253}", "an address or a host's name")] = "127.0.0.1"

    # Whether browsers reach the gateway by https alone: then its cookie goes over nothing else.
    http_secure: bool = False

    # Messages a second that the desks of this installation decide when there is a backlog, all workers together; `make
    # torture` measures it ("drain rate": complaints and what follows of them), and the default is about half of what
    # one worker did there. The gateway takes no more than they decide in a minute: 60 s x 300/s = 18,000 messages,
    # which are five days of Jiaxing (3,260 complaints a day).
    drain_rate: float = Field(300.0, ge=1.0)

    # Who this worker is for the consumer group. Must stay the same over restarts (else each restart is a rebalance) and
    # differ between workers of one group.
    worker_id: Annotated[str, _like(r"[A-Za-z0-9._-]{1,200}", "1 to 200 letters, digits, '.', '_' or '-'")] = Field(
        default_factory=socket.gethostname
    )

    # The key that wraps the reporters' keys. Lost, it forgets every reporter; so it is a file that can be kept apart
    # from the data.
    master_key: Path = Field(default_factory=lambda given: given["data"] / "master.key")

    # From which level on log lines are written.
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(lambda v: v.lower() if isinstance(v, str) else v)
    ] = "info"


def read(**given: Any) -> Settings:
    """The settings of this process, which logs by them from here on; `given` (of a command line) wins over the
    environment.

    Raises SettingsError naming every fault at once. A `PAIDAN_` variable that does not exist is one too: a misspelt
    PAIDAN_KAFKA would silently start an
    embedded broker. Values are not repeated: a Redis URL has a password in it.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    faults = [f"{name}: there is no such setting; there are {', '.join(sorted(known))}" for name in unknown]
    try:
        settings = Settings(**given)
    except ValidationError as error:
        # A default that could not be made because another field is wrong says nothing new.
        telling = [fault for fault in error.errors() if fault["type"] != "default_factory_not_called"]
        faults += [
            f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}" for fault in telling
        ]
    if faults:
        raise SettingsError("\n".join(faults))
    logs.begin(settings.log_level)
    return settings
