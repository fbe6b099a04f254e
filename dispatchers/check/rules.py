"""What can be wrong with the city's smaller tables: rules that point to nothing, that are missing, or that could never
apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from dispatchers.messages import EVENT_KINDS, Kind
from dispatchers.rows import CityPack, Dated, RequestKind

from .owners import for_squads, tables
from .words import Fault, meet, no_unit, span

WORK = ("complaint", "report", *EVENT_KINDS)  # kinds of reports that are about something to be done
ANSWERED = tuple(kind for kind in get_args(Kind) if kind not in WORK)  # and those that want an answer (R44)
LIMITS = ("dispose", "stop", "penalise", "demolish")  # what a case can be late with (domain.md §3)
# Orders that both superiors of a squad may give.
ORDERS = (
    "AssignCase", "EscalateCase", "HandOverCase", "RuleDispute", "SetDuty", "LowerCase", "CloseCase", "CancelCase",
)  # fmt: skip


def _with_item(pack: CityPack) -> Iterator[Fault]:
    """A rule about an item is in force on some day of it; an authority is for what a squad may do (R27)."""
    items = {i.id: span(i) for i in pack.items}
    for table in ("limits", "readiness", "authorities"):
        for n, row in enumerate(getattr(pack, table)):
            days = items.get(row.item)
            if days and days[0] <= days[1] and not meet(span(row), days):
                yield Fault(table, n, "valid_from", f"never in force together with {row.item}", "days of the item")
    ours = {rule.item for rows in tables(pack).values() for rule in rows if for_squads(rule)}
    for n, authority in enumerate(pack.authorities):
        if authority.item in items and authority.item not in ours:
            what = f"no squad has any duty of {authority.item}: nobody acts on it in a name of ours"
            yield Fault("authorities", n, "item", what, 'an item with a power of squads, or "*"')


def _readiness(pack: CityPack) -> Iterator[Fault]:
    """A place where a case can lie is ready for a power that waits for it (R11: 成熟一个划转一个)."""
    items = {i.id for i in pack.items}
    kinds = {t.id: t.kind for t in pack.territories}
    waiting: dict[str, list[Dated]] = defaultdict(list)
    for power in pack.powers:
        if power.transfer_state == "pending_capacity":
            waiting[power.item].append(power)
    for n, ready in enumerate(pack.readiness):
        if ready.item in items and not any(meet(span(ready), span(power)) for power in waiting[ready.item]):
            what = f"nothing of {ready.item} waits for capacity then"
            yield Fault("readiness", n, "item", what, "an item with a power that is pending_capacity")
        if kinds.get(ready.territory, "zone") not in ("township", "zone", "statute"):
            what = f"{ready.territory} is a {kinds[ready.territory]}, and no case is asked about there"
            yield Fault("readiness", n, "territory", what, "a township, a zone or a statute area, where cases lie")


def _limits(pack: CityPack) -> Iterator[Fault]:
    for n, limit in enumerate(pack.limits):
        if limit.name not in LIMITS:
            yield Fault("limits", n, "name", f"there is no limit {limit.name!r}", f"one of {', '.join(LIMITS)}")


def _rollout(pack: CityPack) -> Iterator[Fault]:
    """How far the rules go first (R42); never so that an emergency is only recorded (domain.md §5.2.1)."""
    known = {"*", *(i.id for i in pack.items), *(d.name for d in pack.domains)}
    own = {row.item for row in pack.rollout if row.mode != "shadow"}
    for n, row in enumerate(pack.rollout):
        if row.item not in known:
            yield Fault("rollout", n, "item", f"there is no item or domain {row.item!r}", 'an item, a domain, or "*"')
        urgent = (i.id for i in pack.items if i.emergency and row.item in ("*", i.domain, i.id) and i.id not in own)
        if row.mode == "shadow" and (hidden := next(urgent, "")):
            what = f"{hidden} is an emergency, and in the shadow nobody is sent"
            yield Fault("rollout", n, "mode", what, f"auto or propose, or a row of its own for {hidden}")


def _domains(pack: CityPack) -> Iterator[Fault]:
    """The order of each list is 1, 2, 3 …: that of every label of metrics (R1)."""
    lists = defaultdict(list)
    for n, domain in enumerate(pack.domains):
        lists[domain.desk].append((domain.order, n, domain))
    for rows in lists.values():
        for place, (order, n, domain) in enumerate(rows):
            for _, m, other in rows[:place]:
                if order == other.order and domain.name != other.name and meet(span(domain), span(other)):
                    what = f"order {order} is that of row {m + 1} of domains"
                    yield Fault("domains", n, "order", what, "an order of its own")
                    break
        orders = {order for order, *_ in rows}
        free = next(k for k in range(1, len(orders) + 2) if k not in orders)
        odd = [(order, n) for order, n, _ in rows if not 1 <= order <= len({d.name for *_, d in rows})]
        if odd:
            what = f"order {odd[0][0]} of {len({d.name for *_, d in rows})} domains"
            yield Fault("domains", odd[0][1], "order", what, f"{free}: from 1 on without a gap")


def _merges(pack: CityPack) -> Iterator[Fault]:
    if "*" not in {m.item for m in pack.merges}:
        yield Fault("merges", -1, "item", 'no row of item "*"', "one for all items without a row of their own")
    for n, merge in enumerate(pack.merges):
        if merge.radius < 0:
            yield Fault("merges", n, "radius", f"{merge.radius} metres", "0 (never merged) or more")
        if merge.raise_at < 2:
            what = f"{merge.raise_at} reports make it more urgent"
            yield Fault("merges", n, "raise_at", what, "2 or more: one report is no repetition")


def _replies(pack: CityPack) -> Iterator[Fault]:
    kinds = get_args(Kind)
    seen: set[tuple[str, str]] = set()
    for n, reply in enumerate(pack.replies):
        if reply.kind not in kinds:
            yield Fault("replies", n, "kind", f"there is no kind {reply.kind!r}", f"one of {', '.join(kinds)}")
        if (reply.kind, reply.channel) in seen:
            what = f"{reply.kind} {reply.channel}".strip() + " is given twice"
            yield Fault("replies", n, "kind", what, "one rule of a kind and channel")
        seen.add((reply.kind, reply.channel))
        if reply.unit and reply.kind not in WORK:
            yield from no_unit(pack, "replies", n, "unit", reply.unit)
        if reply.unit and reply.kind in WORK:
            what = f"{reply.kind} answered by {reply.unit!r}: it is never looked into"
            yield Fault("replies", n, "unit", what, "nothing: its answer is what was done")
        if not reply.unit and reply.kind in ANSWERED:
            what = f"{reply.kind} without a unit: it would be a task of enforcement"
            yield Fault("replies", n, "unit", what, "the kind of unit that answers (R44)")
    for kind in kinds:
        if (kind, "") not in seen:
            yield Fault("replies", -1, "kind", f"no rule for {kind}", "one of each kind without a channel")


def _requests(pack: CityPack) -> Iterator[Fault]:
    """An office may ask for anything there is a kind of."""
    for kind in get_args(RequestKind):
        if kind not in {r.kind for r in pack.requests}:
            yield Fault("requests", -1, "kind", f"no rule for {kind}", "one of each kind")


def _ladders(pack: CityPack) -> Iterator[Fault]:
    """Whatever a case's priority is now, many reports may make it one more urgent; what nobody knows begins at 2."""
    there = {ladder.priority for ladder in pack.ladders}
    for missing in sorted(set(range(max((2, *there)) + 1)) - there):
        yield Fault("ladders", -1, "priority", f"no ladder of priority {missing}", "0 to 2 at least, none left out")
    heaviest = max((ladder.weight for ladder in pack.ladders), default=1)
    for n, ladder in enumerate(pack.ladders):
        if ladder.weight < 1:
            yield Fault("ladders", n, "weight", f"a case weighs {ladder.weight}", "1 or more")
    for n, squad in enumerate(pack.squads):
        if squad.cap < heaviest:
            what = f"{squad.id} may hold {squad.cap}, and a case of the heaviest priority weighs {heaviest}"
            yield Fault("squads", n, "cap", what, "room for one case of each priority at least")


def _commands(pack: CityPack) -> Iterator[Fault]:
    for n, command in enumerate(pack.commands):
        if command.order not in ORDERS:
            yield Fault("commands", n, "order", f"there is no order {command.order!r}", f"one of {', '.join(ORDERS)}")


RULES = (
    _with_item, _readiness, _limits, _rollout, _domains, _merges, _replies, _requests, _ladders, _commands,
)  # fmt: skip
