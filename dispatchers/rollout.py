"""How far the rules and the people agree 先易后难: a fold of the log over what was only proposed (issue 4, point 10).

Where the rules may only propose, or only shadow, each proposal is compared with what people did next with the case:
the same team, another team of the same squad, something else (what, is counted), or nothing yet. A high agreement is
the ground on which the pack's rollout lets the rules decide by themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from . import events as e
from .case import Assignment

Agreement = Literal["as_proposed", "other_team", "otherwise", "undecided"]
ENDS: dict[type[e.CaseEvent], str] = {
    e.CaseClosed: "closed",
    e.CaseCancelled: "cancelled",
    e.CaseTransferred: "transferred",
    e.CaseMerged: "merged",
    e.CaseHandedOver: "handed_over",
    e.AssignmentProposed: "proposed_again",  # nobody did anything until the rules looked again
}
_WATCHED = frozenset({e.CaseRegistered, e.CaseClassified, e.CaseTaken, e.AssignmentOffered, e.WorkOrderIssued, *ENDS})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report: a desk's proposals about an item in one mode. `instead`: what people did otherwise."""

    desk: str
    item: str
    mode: str
    proposals: int
    as_proposed: int
    other_team: int
    otherwise: int
    undecided: int
    instead: dict[str, int]

    @property
    def agreement(self) -> float | None:
        """The share, of what was decided, that went to the proposed squad or unit; None: nothing was decided yet."""
        decided = self.proposals - self.undecided
        return (self.as_proposed + self.other_team) / decided if decided else None


class _Act(NamedTuple):
    """What matters of an event of a case."""

    version: int
    desk: str
    event: e.CaseEvent


class _Compared(NamedTuple):
    """A proposal: of which line it is, how people agreed, and what they did instead."""

    key: tuple[str, str, str]
    agreement: Agreement
    instead: str


class Rollout:
    """The fold. Logs of several desks may come in any order: a case's events are put in order by their version."""

    def __init__(self) -> None:
        self._acts: dict[str, list[_Act]] = defaultdict(list)
        self._proposed: set[str] = set()

    def see(self, desk: str, event: e.AnyEvent) -> None:
        """Take an event of a desk's log."""
        if isinstance(event, e.CaseEvent) and type(event) in _WATCHED:
            self._acts[event.case_id].append(_Act(event.case_version, desk, event))
            if isinstance(event, e.AssignmentProposed):
                self._proposed.add(event.case_id)

    def report(self) -> list[Line]:
        """A line for each desk, item and mode that has proposals, in that order."""
        counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        instead: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        for case in sorted(self._proposed):
            for one in _compared(sorted(self._acts[case], key=lambda act: act.version)):
                counts[one.key][one.agreement] += 1
                if one.instead:
                    instead[one.key][one.instead] += 1
        return [_line(key, counts[key], instead[key]) for key in sorted(counts)]


def _compared(acts: list[_Act]) -> Iterator[_Compared]:
    """Each proposal of a case with its answer, the first that comes after it."""
    item = ""
    for place, (_, desk, event) in enumerate(acts):
        item = _item(event) or item
        if isinstance(event, e.AssignmentProposed):
            key = (desk, item, event.mode)
            answers = (_answer(event.proposal, act.event) for act in acts[place + 1 :])
            agreement, instead = next((answer for answer in answers if answer), ("undecided", ""))
            yield _Compared(key, agreement, instead)


def _item(event: e.CaseEvent) -> str:
    if isinstance(event, e.CaseTaken):
        return event.case.item
    return event.item if isinstance(event, e.CaseRegistered | e.CaseClassified) else ""


def _answer(proposal: Assignment, event: e.CaseEvent) -> tuple[Agreement, str] | None:
    """How an event answers a proposal; None: it does not."""
    if isinstance(event, e.AssignmentOffered):
        if event.squad != proposal.squad:
            return "otherwise", event.squad
        return ("as_proposed", "") if event.team == proposal.team else ("other_team", "")
    if isinstance(event, e.WorkOrderIssued):
        return ("as_proposed", "") if event.unit == proposal.unit else ("otherwise", event.unit)
    ended = ENDS.get(type(event))
    return ("otherwise", ended) if ended else None


def _line(key: tuple[str, str, str], counts: Counter[str], instead: Counter[str]) -> Line:
    desk, item, mode = key
    return Line(
        desk=desk,
        item=item,
        mode=mode,
        proposals=counts.total(),
        as_proposed=counts["as_proposed"],
        other_team=counts["other_team"],
        otherwise=counts["otherwise"],
        undecided=counts["undecided"],
        instead=dict(sorted(instead.items(), key=lambda pair: (-pair[1], pair[0]))),
    )
