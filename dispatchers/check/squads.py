"""What can be wrong with squads: how they are reached (telephones, channels), their norm, and what is forbidden to them
(red lines)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dispatchers.clock import Duration, duration
from dispatchers.reports import RED_LINES
from dispatchers.rows import CityPack

from .words import Fault

INSIDE = re.compile(r"[0-9]{3,6}")  # shorter than any telephone outside


def _phones(pack: CityPack) -> Iterator[Fault]:
    """The operator can call every squad's leader; the number is the post's, nobody's own."""
    for n, squad in enumerate(pack.squads):
        if not INSIDE.fullmatch(squad.phone):
            what = f"{squad.id} has the telephone {squad.phone!r}" if squad.phone else f"{squad.id} has no telephone"
            yield Fault("squads", n, "phone", what, "3 to 6 digits: a duty number of the force's own exchange")


def _norms(pack: CityPack) -> Iterator[Fault]:
    """A norm is a number of people (R76)."""
    for n, squad in enumerate(pack.squads):
        if squad.norm < 0:
            what = f"{squad.id} should have {squad.norm} formal officers"
            yield Fault("squads", n, "norm", what, "how many it should have, 0 where no norm is known")


def _channels(pack: CityPack) -> Iterator[Fault]:
    """Every channel has its turn while the offer still stands, and somebody the time to read it."""
    if any(ladder.priority < 0 for ladder in pack.ladders):
        return  # one of them could not be read, and may be whose this is
    leases = {ladder.priority: _read(ladder.lease) for ladder in pack.ladders}
    seen: set[tuple[int, str]] = set()
    for n, rule in enumerate(pack.channels):
        if (rule.priority, rule.channel) in seen:
            what = f"priority {rule.priority} goes through {rule.channel} twice"
            yield Fault("channels", n, "channel", what, "each channel once for a priority")
        seen.add((rule.priority, rule.channel))
        if rule.priority not in leases:
            what = f"there is no priority {rule.priority} in ladders"
            yield Fault("channels", n, "priority", what, "priority of a row of ladders")
        lease, after = leases.get(rule.priority), _read(rule.after)
        if lease and after and not after.working and 2 * after.ms > lease.ms:
            what = f"after {rule.after} of a lease of {lease.ms // 1000} seconds"
            yield Fault("channels", n, "after", what, "at most half the lease of its priority")
    for priority in sorted(set(leases) - {priority for priority, _ in seen}):
        what = f"an offer of priority {priority} goes to the squad's own page alone"
        yield Fault("channels", -1, "priority", what, "a row for each priority", warning=True)


def _read(text: str) -> Duration | None:
    try:
        return duration(text)
    except ValueError:
        return None  # a fault of days.py


def _red_lines(pack: CityPack) -> Iterator[Fault]:
    """Of what the desk refuses everybody was warned before (R22)."""
    for missing in sorted(set(RED_LINES) - {line.id for line in pack.redlines}):
        yield Fault("redlines", -1, "id", f"no red line {missing}", f"one for each of {', '.join(RED_LINES)}")


RULES = (_phones, _norms, _channels, _red_lines)
