"""Which county, zone or township an address names, for messages without a point."""

from __future__ import annotations

import re

from dispatchers.rows import CityPack

# A short name before one of these is a road's or a water's: 桐乡大道 is in 南湖区.
NO_COUNTY = "(?!大道|大街|路|街|塘|桥|港|湖|河)"


class PlaceNames:
    """The names of one city pack.

    Full names count wherever they stand, the longest first and each part of the text once, so that 南湖街道 is not
    南湖区. Short names (嘉善 for 嘉善县) count for counties only, and only where an address begins: 解放路 and
    建设路 run through every town.
    """

    def __init__(self, pack: CityPack) -> None:
        self._kind = {t.id: t.kind for t in pack.territories}
        self._parent = {t.id: t.parent for t in pack.territories}
        full: dict[str, list[str]] = {}
        for area in pack.territories:
            if area.kind != "city":
                full.setdefault(area.name, []).append(area.id)
        self._full = sorted(full.items(), key=lambda named: (-len(named[0]), named[0]))
        city = pack.facts.name
        before = f"(?:.{{2,3}}省)?(?:{re.escape(city)}|{re.escape(city[:-1])})?"
        self._short = [
            (re.compile(before + re.escape(t.name[:-1]) + NO_COUNTY), t.id)
            for t in pack.territories
            if t.kind == "county" and len(t.name) > 2
        ]

    def area(self, text: str) -> str | None:
        """The smallest area that the text names for sure; None if it names none, or places in two counties.

        A name of several townships says as much as they share: their county, or nothing.
        """
        named = []
        for name, ids in self._full:
            if name in text:
                named.append(ids)
                text = text.replace(name, "\n")
        named += [[i] for pattern, i in self._short if pattern.match(text.strip())]
        every = {i for ids in named for i in ids}
        zones = [i for i in every if self._kind[i] == "zone"]
        if zones:  # a zone beats the code (R28), in words too
            return zones[0] if len(zones) == 1 else None
        counties = [{i if self._kind[i] == "county" else self._parent[i] for i in ids} for ids in named]
        common = set.intersection(*counties) if counties else set()
        if len(common) != 1:
            return None
        towns = [i for i in every if self._kind[i] == "township" and self._parent[i] in common]
        return towns[0] if len(towns) == 1 else common.pop()
