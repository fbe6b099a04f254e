"""R2, force posted to the grassroots 执法力量配置到基层 (domain.md §2.3): of formal officers, by where they serve.

The duty post is where at least half of the duty shifts of the last 30 days were done, not where the 编制 is kept. Who
has no such post is in the denominator only; who is on leave for more than 30 days, or outside, in neither. Auxiliaries
are never in the headline. A period's value is the sum of its days' parts: person-days, never a mean of shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from dispatchers.law import days_of, grouped
from dispatchers.rows import Attendance, CityPack, Definition, Officer

from .definition import definition_on
from .share import Share

DAYS = 30
OUTSIDE = "outside: "
LEAVE = "leave"
Span = tuple[int, int]
Posts = Mapping[str, Share]


class Force(NamedTuple):
    """R2 of a day, or the sums of days. `why`: it cannot be computed, because …; then the shares are nothing."""

    attendance: Share = Share()
    posting: Share = Share()  # R2_post, by posting documents
    certified: Share = Share()  # R2_cert
    auxiliaries: Share = Share()  # R2_aux
    nowhere: int = 0  # officers without a duty post: in the denominator only
    why: tuple[str, ...] = ()
    served: Posts = {}  # what `attendance` is made of, by duty post ("": none); where it is not computed, what is known
    posted: Posts = {}  # what `posting` is made of

    def plus(self, other: Force) -> Force:
        """Both together."""
        return Force(
            self.attendance.plus(other.attendance),
            self.posting.plus(other.posting),
            self.certified.plus(other.certified),
            self.auxiliaries.plus(other.auxiliaries),
            self.nowhere + other.nowhere,
            tuple(dict.fromkeys((*self.why, *other.why))),
            _together(self.served, other.served),
            _together(self.posted, other.posted),
        )

    def parts(self, definition: Definition) -> Posts:
        """What the headline is made of, by post."""
        return self.posted if definition.force == "posting" else self.served

    def headline(self, definition: Definition) -> Share:
        """The share that the definition names; nothing where it cannot be computed."""
        if definition.force == "posting":
            return self.posting
        return Share() if self.why else self.attendance


class _Person(NamedTuple):
    """An officer with all that was written of them."""

    number: str
    rows: list[tuple[Officer, int, int]]
    served: list[tuple[Attendance, int, int]]
    lent: list[tuple[str, int, int]]
    certified: list[Span]


def force(pack: CityPack) -> ForceOf:
    """R2 of a city, to be asked by day."""
    return ForceOf(pack)


class ForceOf:
    """R2 by day. Remembers the days that were asked."""

    def __init__(self, pack: CityPack) -> None:
        self._pack = pack
        self._tier = {s.id: s.tier for s in pack.squads}
        served = grouped((a.officer, (a, *days_of(a))) for a in pack.attendance)
        lent = grouped((p.officer, (p.to, *days_of(p))) for p in pack.postings)
        held = grouped((c.officer, days_of(c)) for c in pack.certificates)
        rows = grouped((o.number, (o, *days_of(o))) for o in pack.officers)
        self._people = [
            _Person(n, of, served.get(n, []), lent.get(n, []), held.get(n, [])) for n, of in sorted(rows.items())
        ]
        self.on = lru_cache(800)(self._on)

    def over(self, first: int, last: int) -> Force:
        """The sums of the days from `first` to `last`: person-days."""
        total = Force()
        for day in range(first, last + 1):
            total = total.plus(self.on(day))
        return total

    def _on(self, day: int) -> Force:
        """The snapshot of a day."""
        definition = definition_on(self._pack, day)
        num: dict[str, int] = {}
        den: dict[str, int] = {}
        served: dict[str, Share] = {}
        posted: dict[str, Share] = {}
        nowhere, why = 0, []
        if not self._pack.attendance:
            why.append("no attendance 无考勤数据")
        for person, row in self._active(day):
            if row.employment == "aux":
                _add(num, den, "auxiliaries", self._strict(row.squad, definition))
                continue
            lent = next((to for to, first, last in person.lent if first <= day <= last), "")
            if not lent.startswith(OUTSIDE):
                here = self._strict(lent or row.squad, definition)
                _add(num, den, "posting", here)
                _one_more(posted, lent or row.squad, here)
            if away(person.served, day) or lent.startswith(OUTSIDE):
                continue
            posts = duty_posts(person.served, day)
            if len(posts) > 1:
                why.append(f"{person.number} serves at two posts 一人两岗: {', '.join(posts)}")
            here = len(posts) == 1 and self._strict(posts[0], definition)
            if posts and posts[0].startswith(OUTSIDE):
                continue
            nowhere += not posts
            _add(num, den, "attendance", here)
            _one_more(served, posts[0] if len(posts) == 1 else "", here)
            if any(first <= day <= last for first, last in person.certified):
                _add(num, den, "certified", here)
        shares = {name: Share(num.get(name, 0), den.get(name, 0)) for name in Force._fields[:4]}
        if why:
            shares |= {"attendance": Share(), "certified": Share()}
        return Force(**shares, nowhere=nowhere, why=tuple(why), served=served, posted=posted)

    def _active(self, day: int) -> Iterator[tuple[_Person, Officer]]:
        """Each person once, by the row in force."""
        for person in self._people:
            row = next((o for o, first, last in person.rows if first <= day <= last), None)
            if row:
                yield person, row

    def _strict(self, post: str, definition: Definition) -> bool:
        return self._tier.get(post) in definition.strict


def duty_posts(served: Iterable[tuple[Attendance, int, int]], day: int) -> list[str]:
    """Where at least half of the duty shifts of the last 30 days were done: one post, none, or (a fault) two at once.
    In the middle of a move both are half: then it is the later one."""
    weights: dict[str, int] = {}
    latest: dict[str, int] = {}
    for row, first, last in served:
        days = min(day, last) - max(day - DAYS + 1, first) + 1
        if days > 0 and row.shifts > 0:
            weights[row.post] = weights.get(row.post, 0) + row.shifts * days
            latest[row.post] = max(latest.get(row.post, 0), min(day, last))
    total = sum(weights.values())
    half = [post for post, weight in weights.items() if 2 * weight >= total]
    newest = max((latest[post] for post in half), default=0)
    return sorted(post for post in half if latest[post] == newest)


def away(served: Iterable[tuple[Attendance, int, int]], day: int) -> bool:
    """Whether the officer is on leave for more than 30 days."""
    return any(row.post == LEAVE and first <= day <= last and last - first >= DAYS for row, first, last in served)


def _add(num: dict[str, int], den: dict[str, int], name: str, here: bool) -> None:
    den[name] = den.get(name, 0) + 1
    num[name] = num.get(name, 0) + here


def _one_more(posts: dict[str, Share], post: str, here: bool) -> None:
    posts[post] = posts.get(post, Share()).plus(Share(int(here), 1))


def _together(one: Posts, other: Posts) -> Posts:
    return {post: one.get(post, Share()).plus(other.get(post, Share())) for post in {**one, **other}}
