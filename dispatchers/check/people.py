"""What can be wrong with people and things: somebody in two places, or of two kinds; things and certificates that
nobody has (rosters: rosters.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dispatchers.rows import CityPack, Item, Officer

from .owners import for_squads, tables
from .words import Days, Fault, meet, span

OUTSIDE = "outside: "  # before the name of a place that is none of the pack's (R86)


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


def _where(pack: CityPack) -> Iterator[Fault]:
    """Who is lent to whom can be followed (R86): an organisation, a squad, or said to be outside."""
    known = {*(o.id for o in pack.organisations), *(s.id for s in pack.squads)}
    for n, posting in enumerate(pack.postings):
        if posting.to not in known and not posting.to.startswith(OUTSIDE):
            right = f'the id of an organisation or a squad, or "{OUTSIDE}" and where'
            yield Fault("postings", n, "to", f"there is no organisation or squad {posting.to!r}", right)


def _auxiliaries(pack: CityPack) -> Iterator[Fault]:
    """An auxiliary may not enforce (条例 art. 30), so holds no certificate."""
    people: dict[str, list[Days]] = defaultdict(list)
    for officer in pack.officers:
        if officer.employment == "aux":
            people[officer.number].append(span(officer))
    for n, certificate in enumerate(pack.certificates):
        if any(meet(days, span(certificate)) for days in people[certificate.officer]):
            what = f"{certificate.officer} is an auxiliary"
            yield Fault("certificates", n, "officer", what, "a formal officer: they do not enforce (条例 art. 30)")


def _shortages(pack: CityPack) -> Iterator[Fault]:
    """A thing, or a certificate, that an item of the squads takes and none has: neither at a desk nor at the city's,
    to which a case goes up (R10, R89). Told once for a desk and a thing."""
    ours = {rule.item for rows in tables(pack).values() for rule in rows if for_squads(rule)}
    lacking: dict[tuple[str, str], Item] = {}
    for item in pack.items:
        if item.id in ours:
            for thing in item.needs:
                lacking.setdefault(("thing", thing), item)
            if item.specialist:
                lacking.setdefault(("certificate", item.domain), item)
    city = {d.id for d in pack.desks if d.kind == "city"}
    having = _having(pack)
    for n, desk in enumerate(pack.desks):
        for (sort, name), item in lacking.items():
            if not {desk.id, *city} & having[sort, name]:
                what = f"no squad of {desk.name} or of the city has a {sort} {name!r}, which {item.id} takes"
                yield Fault("desks", n, "id", what, "one at the desk or at the city's at least", warning=True)


def _having(pack: CityPack) -> dict[tuple[str, str], set[str]]:
    """At which desks there is a thing of a kind, or an officer with the certificate of a domain."""
    desk_of = {s.id: s.desk for s in pack.squads}
    having: dict[tuple[str, str], set[str]] = defaultdict(set)
    for thing in pack.equipment:
        having["thing", thing.kind].add(desk_of.get(thing.squad, ""))
    domains: dict[str, list[str]] = defaultdict(list)
    for certificate in pack.certificates:
        domains[certificate.officer].append(certificate.domain)
    for officer in pack.officers:
        for domain in domains[officer.number]:
            having["certificate", domain].add(desk_of.get(officer.squad, ""))
    return having


RULES = (_two_jobs, _away, _where, _auxiliaries, _shortages)
