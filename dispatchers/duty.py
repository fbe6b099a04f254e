"""Who is there at this moment: an order about duty as long as it holds, else the roster."""

from __future__ import annotations

from .city import City
from .state import Desk


def on_duty(desk: Desk, city: City, officer: str, at: int) -> bool:
    """Whether an officer, formal or auxiliary, is on duty. Nobody knows of one who is in no team on that day."""
    said = desk.duty.get(officer)
    if said and said.holds(at):
        return said.on_duty
    row = city.officer(officer, city.calendar.day(at))
    team = city.teams.get(row.team) if row else None
    return team is not None and city.rostered(team, at)
