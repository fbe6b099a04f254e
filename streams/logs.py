"""How a process of ours writes its log: lines for people, from the level that the settings say.

A traceback shows where, never with what: structlog's own prints the values of every frame's variables, and those of a
desk or of intake are what people wrote to the authority (law 11).
"""

from __future__ import annotations

import logging

import structlog


def begin(level: str) -> None:
    """From here on this process logs so. `level`: debug, info, warning, error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )
