"""The shape of the tables: what an event changes of a case beside its status and version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dispatchers import events as e
from dispatchers.case import Case

Change = dict[str, Any]  # fields of Case and their new values
Changes = dict[type[e.CaseEvent], Callable[[Case, Any, int], Change]]
