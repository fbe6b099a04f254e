"""What a report is about 分类: from a source's code and words to an item, the facts of the matter, and a duty.

Facts tell apart what one item may mean: litter from a vehicle is the police's, from a balcony the force's (domain.md
§5.2.6). The source's own word counts before its category's, that before a hint of the words; the first wins. Two facts
mean something by themselves: `duty` names another duty than the item's own ("never inspected" asks for inspection, not
for a penalty, R17), `item` names the item where the code says nothing, or an emergency, whatever the code says.
A consult, help, suggestion or praise is never an enforcement task (domain.md §4); help about something broken or to be
fetched is the work of who repairs or fetches it.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

from .city import City
from .events import Step
from .law import DUTY
from .messages import Filed
from .rows import Duty, Item

DUTIES = frozenset(get_args(Duty))


class Matter(NamedTuple):
    """What it is. `item` None: nobody knows yet."""

    item: Item | None
    nature: str
    duty: str
    facts: dict[str, str]
    steps: tuple[Step, ...]

    @property
    def emergency(self) -> bool:
        """Whether somebody is told before anything else."""
        return bool(self.item and self.item.emergency)


def classify(filed: Filed, city: City, at: int) -> Matter:
    """The matter of a report."""
    law, day = city.law, city.calendar.day(at)
    named, of_code = law.category(filed.scheme, filed.code)
    words = law.hinted(named, f"{filed.title} {filed.description}")
    facts = {**words, **of_code, **filed.facts}
    item = law.item(named, day)
    other = law.item(facts.get("item", ""), day)
    if other and (item is None or (other.emergency and not item.emergency)):
        item = other
    steps = [Step(rule="item", row=item.id if item else "", detail=f"{filed.scheme} {filed.code}".strip())]
    steps += [Step(rule="fact", row=_source(key, filed, of_code), detail=f"{key}={facts[key]}") for key in facts]
    if law.reply(filed.kind, filed.channel).unit and not _needs_work(filed, item):
        return Matter(item, "reply", "reply", facts, (*steps, Step(rule="only_a_reply", row=filed.kind)))
    return Matter(item, item.nature if item else "", duty_of(item, facts), facts, tuple(steps))


def _needs_work(filed: Filed, item: Item | None) -> bool:
    """Whether a kind of report that wants an answer is about something to be done all the same."""
    if item is None:
        return False
    return bool(item.emergency) or (filed.kind == "help" and item.nature in ("repair", "service"))


def duty_of(item: Item | None, facts: dict[str, str]) -> str:
    """The duty that is asked for: by a fact, where it is a matter of enforcement at all, else the item's own."""
    if item is None:
        return ""
    told = facts.get("duty", "")
    return told if item.nature == "enforcement" and told in DUTIES else DUTY[item.nature]


def about_whom(city: City, item: Item | None, facts: dict[str, str], territory: str, day: int) -> tuple[str, ...]:
    """Whom a complaint about the force is about: who is named, else the squad at home there. They neither get it nor
    see it (R66, scenario 23)."""
    if item is None or not item.about_force:
        return ()
    named = facts.get("about", "")
    officer = city.officer(named, day)
    home = city.squad_at(territory, day)
    return tuple(x for x in (named, officer.squad if officer else "") if x) or ((home.id,) if home else ())


def _source(key: str, filed: Filed, of_code: dict[str, str]) -> str:
    return "source" if key in filed.facts else "category" if key in of_code else "words"
