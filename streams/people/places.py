"""What anybody may read in the city's public rows: whose a matter is, who is at home where, which squads are near."""

from __future__ import annotations

from collections.abc import Iterator

from dispatchers.case import Case, Status
from dispatchers.city import City, metres
from dispatchers.competence import Owner, competent
from dispatchers.rows import Item, Squad

from .chance import Chance
from .known import Known

ANSWERS = "热线答复"  # kind of the units that answer citizens


class Places:
    """The rows of one city."""

    def __init__(self, chance: Chance, city: City) -> None:
        self.chance, self.city = chance, city
        self._squads: dict[str, list[Squad]] = {}
        self._homes: dict[str, list[str]] = {}
        for squad in city.pack.squads:
            self._squads.setdefault(squad.desk, []).append(squad)
            if city.grassroots(squad.id):
                self._homes.setdefault(squad.desk, []).append(squad.territory)
        self._officers = {o.squad: o.number for o in sorted(city.pack.officers, key=lambda o: o.number, reverse=True)}
        plain = (i for i in city.pack.items if i.priority >= 2 and not (i.emergency or i.about_force))
        self._plain = [(i, 1.0) for i in plain]

    def owner(self, known: Known) -> Owner | None:
        """Whose the case is by the list; a desk's own rulings are not public yet."""
        case = Case(
            id=known.id,
            no="",
            version=known.version,
            status=Status.OPERATOR,
            changed_hands=0,
            source="",
            source_id="",
            kind=known.kind,
            title="",
            address="",
            channel=known.channel,
            territory=known.territory,
            item=known.item,
            nature=known.nature,
            duty=known.duty,
            facts=known.facts,
            registered_at=known.registered_at,
        )
        return competent(case, self.city, known.desk, known.at)

    def owners(self, known: Known) -> Iterator[dict[str, str]]:
        """Whom a ruling may name: the list's owner, who has the case meanwhile, who answers citizens."""
        owner = self.owner(known)
        home = self.city.squad_at(known.territory, self.city.calendar.day(known.at))
        if owner and owner.kind == "squad" and home:
            yield {"squad": home.id}
        elif owner and owner.kind != "squad":
            yield {"unit": unit} if (unit := self.city.unit(owner.owner, known.desk)) else {"unit": known.unit}
        if known.squad or known.unit:
            yield {"unit": known.unit} if known.unit else {"squad": known.squad}
        if unit := self.city.unit(ANSWERS, known.desk):
            yield {"unit": unit}

    def at_home(self, territory: str, at: int) -> bool:
        """Whether a squad is at home there."""
        return self.city.squad_at(territory, self.city.calendar.day(at)) is not None

    def some(self, known: Known) -> str:
        """A territory of the case's desk, as good as any, for a case that nobody can place; "" it has none."""
        homes = self._homes.get(known.desk, [])
        return self.chance.weighted([(t, 1.0) for t in homes], known.id, "territory") if homes else ""

    def plausible(self, known: Known) -> Item | None:
        """An ordinary matter, for a case of which nobody knows what it is."""
        return self.chance.weighted(self._plain, known.id, "item") if self._plain else None

    def officer(self, squad: str) -> str:
        """Who speaks for a squad."""
        return self._officers.get(squad, squad)

    def able(self, squad: str, known: Known) -> bool:
        """Whether a squad has what the matter needs, and two of a team the certificate; who is on duty nobody can
        read."""
        item, day = self.city.items.get(known.item), self.city.calendar.day(known.at)
        if item is None:
            return True
        if not all(self.city.equipped(squad, tool, day) for tool in item.needs):
            return False
        teams = (self.city.formal(team.id, day) for team in self.city.teams_of(squad))
        return any(sum(self.city.certified(o.number, item, day) for o in team) >= 2 for team in teams)

    def nearest(self, known: Known) -> list[Squad]:
        """Squads of the desk by distance; of a case without a place, in an order drawn for it."""
        squads = self._squads.get(known.desk, [])
        lon, lat = known.lon, known.lat
        if lon is None or lat is None:
            return sorted(squads, key=lambda s: self.chance.unit(known.id, "where", s.id))
        return sorted(squads, key=lambda s: (metres(s.lon, s.lat, lon, lat), s.id))
