"""R2 and R3 opened: by desks, by posts and cost objects. Numbers of officers and fen, nobody by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatchers.city import City
from dispatchers.targets import Force, Share

from .numbers import Numbers
from .opened import NONE, Figure, Opened, Part, Residual, Where, called, head


def opened(shown: Numbers, city: City, where: Where, now: int) -> Opened:
    """The number that is asked for."""
    return _force(shown, city, where, now) if where.number == "force" else _support(shown, city, where, now)


def _force(shown: Numbers, city: City, where: Where, now: int) -> Opened:
    """R2 by desks and posts: numbers of officers, or person-days; never who."""
    days = shown.days(where.window, now)
    force: Force = shown.force.over(days[0], min(days[1], shown.day(now)))
    definition = shown.definition_on(days[1])
    posts = {p: s for p, s in force.parts(definition).items() if where.desk in ("", _desk_of(city, p))}
    whole = force.headline(definition)
    why = [] if whole.den else list(force.why)
    if where.desk:
        whole = _sum(posts.values()) if whole.den else Share()
    beside = {name: getattr(force, name) for name in ("posting", "certified", "auxiliaries")} if not where.desk else {}
    return Opened(
        **head(shown, city, where, now, "officers" if where.window == "today" else "person_days"),
        by="post" if where.desk else "desk",
        whole=Figure.of(whole) if whole.den else None,
        residual=_left(whole, posts.values()),
        parts=_posts(city, where, posts),
        beside={name: Figure.of(one) for name, one in beside.items()},
        counts={} if where.desk else {"nowhere": posts.get("", Share()).den},
        why={"force": why} if why else {},
    )


def _support(shown: Numbers, city: City, where: Where, now: int) -> Opened:
    """R3 by desks and cost objects, in fen; things by kind."""
    spent = shown.support.on(shown.day(now))
    objects = {o: s for o, s in spent.objects.items() if where.desk in ("", _desk_of(city, o))}
    money = {o: s.money for o, s in objects.items()}
    whole = spent.money
    if where.desk:
        whole = _sum(money.values()) if whole.den else Share()
    beside = {} if where.desk else {"budget": Figure.of(spent.budget)}
    if not where.desk:
        beside |= {kind: Figure.of(one) for kind, one in spent.things.items()}
    return Opened(
        **head(shown, city, where, now, "fen"),
        by="object" if where.desk else "desk",
        whole=Figure.of(whole) if whole.den else None,
        residual=_left(whole, money.values()),
        parts=_posts(city, where, money, {o: s.budget for o, s in objects.items()}),
        beside=beside,
        counts={},
        why={part: list(reasons) for part, reasons in spent.why.items()},
    )


def _posts(city: City, where: Where, of: Mapping[str, Share], budget: Mapping[str, Share] | None = None) -> list[Part]:
    """Squads and offices of a desk, or of all desks together; what is no desk's stands for itself."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for post in of:
        desk = _desk_of(city, post)
        own = ("squad" if post in city.squads else "organisation", post)
        grouped.setdefault(own if where.desk or not desk else ("desk", desk), []).append(post)
    parts = [
        Part(
            id=name or NONE,
            of=kind,
            name=called(city, kind, name),
            figure=Figure.of(_sum(of[post] for post in posts)),
            tier=city.squads[name].tier if kind == "squad" else "",
            beside={"budget": Figure.of(_sum(budget[post] for post in posts))} if budget else {},
        )
        for (kind, name), posts in grouped.items()
    ]
    return sorted(parts, key=lambda p: (-p.figure.denominator, p.id))


def _desk_of(city: City, post: str) -> str:
    """The desk of a squad, or of the bureau that a desk belongs to; "": of none."""
    if post in city.squads:
        return city.squads[post].desk
    return next((d.id for d in city.pack.desks if d.organisation == post), "")


def _sum(shares: Iterable[Share]) -> Share:
    total = Share()
    for one in shares:
        total = total.plus(one)
    return total


def _left(whole: Share, parts: Iterable[Share]) -> Residual | None:
    """None: there is no whole, so nothing is left of it."""
    known = _sum(parts)
    return Residual(whole.num - known.num, whole.den - known.den) if whole.den else None
