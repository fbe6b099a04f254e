"""What can be wrong with a single row of the power list, or of the precedents taken into it: powers that nobody may be
given, owners at odds with the state of the transfer, public fields that say nothing (R3, R6, R8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dispatchers.law import DUTY
from dispatchers.rows import CityPack, Domain, Item, Power, Precedent

from .words import Fault, conditions, meet, no_unit, possible, span, uncovered

# Words of a power that limits personal freedom: the police's alone, whatever a list says (处罚法 art. 18, R3).
PERSONAL_LIBERTY = ("限制人身自由", "拘留", "拘役", "强制隔离", "强制戒毒", "detention")
PUBLIC = ("basis", "scope", "procedure", "standard", "hotline")
NOTHING = ("-", "--", "—", "——", "–", "/", "?", "无", "略", "待定", "model", "n/a", "na", "none", "tbd", "todo")
# Which states of the transfer say that the force has the power, and which that it has not (R8). A row that is too
# specialised or under review may be either's until it is moved (R10, R13).
MOVED = ("transferred", "to_return")
KEPT = ("not_transferred", "pending_capacity", "should_transfer")
FORCE = ("penalty", "coercion")  # the duties that move with a transfer (R4, R16)
Rule = Power | Precedent


def tables(pack: CityPack) -> dict[str, Sequence[Rule]]:
    """The rows that name an owner."""
    return {"powers": pack.powers, "precedents": pack.precedents}


def for_squads(rule: Rule) -> bool:
    """Whether a squad may come to act by a row: now, or where a town is said to be ready (R11)."""
    waits = isinstance(rule, Power) and rule.transfer_state == "pending_capacity"
    return rule.owner_kind == "squad" or waits


def _rows(pack: CityPack) -> Iterator[Fault]:
    """Rows that could never decide anything, or name an owner who cannot be."""
    items = {i.id: i for i in pack.items}
    for table, rows in tables(pack).items():
        for n, rule in enumerate(rows):
            item = items.get(rule.item)
            yield from _never(table, n, rule, item)
            if rule.owner_kind == "squad" and rule.owner != "*":
                what = f"owner {rule.owner!r} of a squad's power"
                yield Fault(table, n, "owner", what, '"*", the squad of the territory')
            if for_squads(rule) and item and item.nature != "enforcement":
                yield Fault(table, n, "owner_kind", f"{item.id} is {item.nature}: no squad's", "another kind of owner")
            if rule.owner_kind != "squad":
                yield from no_unit(pack, table, n, "owner", rule.owner)


def _never(table: str, n: int, rule: Rule, item: Item | None) -> Iterator[Fault]:
    """A duty, days or conditions that no case can have."""
    if item and item.nature != "enforcement" and rule.duty != DUTY[item.nature]:
        what = f"{item.id} is {item.nature} and never asks for {rule.duty}"
        yield Fault(table, n, "duty", what, DUTY[item.nature])
    if item and span(item)[0] <= span(item)[1] and not meet(span(rule), span(item)):
        yield Fault(table, n, "valid_from", f"never in force together with {item.id}", "days of the item")
    if not possible(conditions(rule.when)):
        what = f"{';'.join(rule.when)} is never true"
        yield Fault(table, n, "when", what, "conditions that can hold together")


def _liberty(pack: CityPack) -> Iterator[Fault]:
    """What limits personal freedom is the police's alone (处罚法 art. 18, R3): no other body punishes or coerces by it,
    and a squad has no duty of it at all, now or once its town is ready."""
    items = {i.id: i for i in pack.items}
    for table, rows in tables(pack).items():
        for n, rule in enumerate(rows):
            if not for_squads(rule) and (rule.duty not in FORCE or rule.owner_kind == "police"):
                continue
            item = items.get(rule.item)
            said = [item.name, item.name_en] if item else []
            said += [getattr(rule, field) for field in PUBLIC] if isinstance(rule, Power) else [rule.document]
            to = "a squad" if for_squads(rule) else f"a {rule.owner_kind}"
            if item and "personal_liberty" in item.powers:
                what = f"{item.id} may be personal_liberty, and {to} is to own it"
                yield Fault(table, n, "owner_kind", what, "police: theirs alone (处罚法 art. 18, R3)")
            elif any(word in " ".join(said) for word in PERSONAL_LIBERTY):
                what = f"a power over personal liberty given to {to}"
                yield Fault(table, n, "owner_kind", what, "police: theirs alone (处罚法 art. 18, R3)")


def _states(pack: CityPack) -> Iterator[Fault]:
    """Whoever the state of the transfer says: after it a department punishes no more, before it no squad does (R8)."""
    for n, power in enumerate(pack.powers):
        force = power.owner_kind == "squad"
        if power.transfer_state in MOVED and power.duty in FORCE and not force:
            what = f"{power.transfer_state}, and {power.owner_kind} {power.owner} owns its {power.duty}"
            yield Fault("powers", n, "transfer_state", what, f"the squad as owner, or one of {', '.join(KEPT)} (R8)")
        if power.transfer_state in KEPT and force:
            what = f"{power.transfer_state}, and a squad owns its {power.duty}"
            yield Fault("powers", n, "transfer_state", what, f"another owner, or one of {', '.join(MOVED)} (R8)")


def _kinds(pack: CityPack) -> Iterator[Fault]:
    """Units of one kind are one kind of owner: the police in one row are no department in another."""
    known: dict[str, tuple[str, str]] = {}
    for table, rows in tables(pack).items():
        for n, rule in enumerate(rows):
            kind, named = known.setdefault(rule.owner, (rule.owner_kind, f"row {n + 1} of {table}"))
            if "squad" not in (kind, rule.owner_kind) and kind != rule.owner_kind:
                what = f"{rule.owner} as {rule.owner_kind}, and as {kind} in {named}"
                yield Fault(table, n, "owner_kind", what, "one kind of owner for units of one kind")


def _domains(pack: CityPack) -> Iterator[Fault]:
    """A squad acts in the domains that were transferred, by its desk's own list if there is one (R1: 嘉善)."""
    items = {i.id: i for i in pack.items}
    listed = {d.name for d in pack.domains}
    for table, rows in tables(pack).items():
        for n, rule in enumerate(rows):
            item = items.get(rule.item)
            days = meet(span(rule), span(item)) if item else None
            if not item or not days or item.domain not in listed or not for_squads(rule):
                continue
            for desk in _where(pack, rule, rows):
                if day := uncovered(days, (span(d) for d in _list(pack, desk) if d.name == item.domain)):
                    what = f"{item.domain} is not in the list on {day} at {desk}, and a squad owns {item.id}"
                    yield Fault(table, n, "valid_from", what, "days on which the domain is transferred")
                    break


def _list(pack: CityPack, desk: str) -> list[Domain]:
    """The domains of a desk: its own list, else the city's."""
    return [d for d in pack.domains if d.desk == desk] or [d for d in pack.domains if not d.desk]


def _where(pack: CityPack, rule: Rule, rows: Sequence[Rule]) -> list[str]:
    """The desks whose squads act by a row: not where one of the desk's own takes its place, and of what waits for
    capacity those of the towns that are ready."""
    if rule.desk:
        return [rule.desk]
    own = {r.desk for r in rows if (r.item, r.duty) == (rule.item, rule.duty) and not r.when}
    desks = [d.id for d in pack.desks if d.id not in own]
    if rule.owner_kind == "squad":
        return desks
    desk_of = {t.id: t.desk for t in pack.territories}
    ready = {desk_of.get(r.territory) for r in pack.readiness if r.item == rule.item}
    return [desk for desk in desks if desk in ready]


def _public(pack: CityPack) -> Iterator[Fault]:
    """What anybody may read of a power says something (R6)."""
    for n, power in enumerate(pack.powers):
        for field in PUBLIC:
            text = getattr(power, field).strip()
            if not text:
                yield Fault("powers", n, field, f"{field} is empty", "all five public fields (R6)")
            elif text.casefold() in NOTHING:
                what = f"{field} is {text!r}, which says nothing"
                yield Fault("powers", n, field, what, "what the public may read (R6)")
            elif field == "hotline" and not any(letter.isdigit() for letter in text):
                yield Fault("powers", n, field, f"hotline is {text!r}", "a number that can be called (R6)")


RULES = (_rows, _liberty, _states, _kinds, _domains, _public)
