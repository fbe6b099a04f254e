"""Types of the single words that messages are made of, with their bounds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=500)]
Long = Annotated[str, msgspec.Meta(max_length=20_000)]
Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Kind = Literal["complaint", "report", "consult", "help", "suggestion", "praise", "event", "component"]
COMPLAINT_KINDS = ("complaint", "report", "consult", "help", "suggestion", "praise")  # topic complaints
EVENT_KINDS = ("event", "component")  # topic city-events
