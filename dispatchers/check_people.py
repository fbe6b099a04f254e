"""What can be wrong with people and things: somebody in two places, or of two kinds (rosters: coverage.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from .check_words import Days, Fault, meet, span
from .rows import CityPack, Officer


def _two_jobs(pack: CityPack) -> Iterator[Fault]:
    """Who looks whether a case was mended is not who mended it."""
    officers: dict[str, list[Officer]] = defaultdict(list)
    for officer in pack.officers:
        officers[officer.number].append(officer)
    for n, collector in enumerate(pack.collectors):
        for officer in officers.get(collector.number, ()):
            if both := meet(span(collector), span(officer)):
                what = f"{collector.number} is an officer of {officer.squad} too on {both[0]}"
                yield Fault("collectors", n, "number", what, "a person of their own, or other days")
                break


def _away(pack: CityPack) -> Iterator[Fault]:
    """Only who is here can be lent out, and not to where they are."""
    here: dict[str, list[tuple[Days, str]]] = defaultdict(list)
    for officer in pack.officers:
        here[officer.number].append((span(officer), officer.squad))
    for n, posting in enumerate(pack.postings):
        at = [squad for days, squad in here.get(posting.officer, ()) if meet(days, span(posting))]
        if posting.officer in here and not at:
            yield Fault("postings", n, "valid_from", f"{posting.officer} is nowhere then", "days of the officer")
        if posting.to in at:
            yield Fault("postings", n, "to", f"{posting.officer} is of {posting.to} already", "another place")


RULES = (_two_jobs, _away)
