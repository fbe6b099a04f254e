"""Who may what: roles of accounts, what each may ask for, which cases each sees, which orders each may ever give.

Pure, and tables. Two questions are asked of every request, both must be answered yes, and neither knows of the other:

1. `may(role, capability)`: does this role ever get such an answer? A no is 403 and says nothing of any case.
2. `sees(scope, role, case, desk)`: is this case in the account's area? A no is the same 404 as for a case that is not.

Which orders a role gives is not typed here a second time: `verbs` and `allowed_actions` ask dispatchers' own table
(TRANSITIONS and ORDERS), by which the desk decides. The gateway's answer is a courtesy, the desk's is the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from dispatchers import messages as m
from dispatchers.case import Case, Status
from dispatchers.ends import AFTER
from dispatchers.orders import OF_THE_DESK, ORDERS, givers, possible

from ..views import units_of

if TYPE_CHECKING:
    from .accounts import Account

# operator and lead (值班长): a desk's two levels; checker: looks before and after; coordination 统筹协调: rules;
# supervisor 督察; hotline: speaks with callers; unit: a department or enterprise that gets work orders; town: the seat
# of a town, which reads its own town's cases; auditor: reads all; ops and wall: counts alone; integrator: a source's
# program, by its key; admin: accounts alone. Of devices: squad and leader (an officer's of a squad), collector (looks
# before and after).
Role = Literal[
    "operator", "lead", "checker", "coordination", "supervisor", "hotline", "unit", "town", "auditor", "ops", "wall",
    "integrator", "admin", "squad", "leader", "collector",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

# What may be asked for. The first row is of cases, each only as far as `sees` goes; the others have no case in them, or
# make a new one.
Capability = Literal[
    "board", "case", "story", "why", "search", "csv", "phones", "order", "reveal",
    "catalog", "map", "filters", "similar", "file", "uploads", "wall", "accounts", "audit",
    "replies", "photos", "squad", "devices", "positions",
]  # fmt: skip
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
OF_CASES: frozenset[Capability] = frozenset(
    {"board", "case", "story", "why", "search", "csv", "phones", "order", "reveal", "similar"}
)

_READS: frozenset[Capability] = frozenset({"board", "case", "story", "why", "search", "catalog", "map", "filters"})
_FILES: frozenset[Capability] = frozenset({"file", "uploads", "similar"})
_MANY: frozenset[Capability] = frozenset({"csv", "wall"})  # a whole area at a glance, or to take away
_DEVICE: frozenset[Capability] = frozenset({"case", "order", "photos", "catalog", "map", "squad"})
MAY: dict[Role, frozenset[Capability]] = {
    "operator": _READS | _FILES | _MANY | {"order", "phones", "reveal", "replies", "positions"},
    "lead": _READS | _FILES | _MANY | {"order", "phones", "reveal", "replies", "positions", "devices"},
    "checker": _READS | {"order"},
    "coordination": _READS | _MANY | {"order", "replies"},
    "supervisor": _READS | _MANY | {"order", "phones", "replies"},
    "hotline": _READS | _FILES | {"order", "phones", "reveal", "replies"},
    "unit": _READS | {"order", "photos"},
    "town": _READS | _FILES | {"csv", "order"},
    "auditor": _READS | _MANY | {"audit", "replies"},
    "ops": frozenset({"catalog", "wall", "replies"}),
    "wall": frozenset({"catalog", "map", "wall"}),
    "integrator": frozenset({"file", "uploads"}),
    "admin": frozenset({"catalog", "accounts"}),
    "squad": _DEVICE,
    "leader": _DEVICE,
    "collector": _DEVICE,
}

# As whom each role gives orders, in the words of dispatchers; who is not here gives none.
ACTS_AS: dict[Role, m.Role] = {
    "operator": "operator",
    "lead": "chief",
    "checker": "checker",
    "coordination": "coordination",
    "supervisor": "supervisor",
    "hotline": "hotline",
    "unit": "unit",
    "town": "town",
    "squad": "squad",
    "leader": "leader",
    "collector": "checker",
}


class Scope(NamedTuple):
    """The area of an account. `desks` None: all of them; a unit, a town, a squad and a collector have no desk, but
    cases of their own."""

    desks: frozenset[str] | None
    territory: str = ""
    unit: str = ""
    squad: str = ""
    officer: str = ""  # who carries the device

    @property
    def whole(self) -> bool:
        """Whether it is of whole desks, so that their counts and squads are for it too."""
        return not (self.territory or self.unit) and self.desks != frozenset()


NOTHING = Scope(frozenset())


def scope_of(account: Account) -> Scope:
    """The area of an account. `Account` sees to it that a role that needs a desk, a unit or a town has one: none is all
    desks only for roles above the desks."""
    match account.role:
        case "unit":
            return Scope(frozenset(), unit=account.unit)
        case "town":
            return Scope(frozenset(), territory=account.territory)
        case "squad" | "leader" | "collector":
            return Scope(frozenset(), squad=account.squad, officer=account.officer, territory=account.territory)
        case role if MAY[role] & (OF_CASES | {"wall"}):
            return Scope(frozenset({account.desk}) if account.desk else None)
        case _:
            return NOTHING


def may(role: Role, capability: Capability) -> bool:
    """Whether the role ever gets such an answer."""
    return capability in MAY[role]


def sees(scope: Scope, role: Role, case: Case, desk: str) -> bool:
    """Whether a case that `desk` holds is in the area of an account of this role.

    A town sees what lies in it, but no complaint about the force: that is the city desk's (R66), and the squad that is
    complained about is the town's own. A unit sees what is or was ordered to it, and what it is asked about. A squad
    sees what it is offered, holds or disposed of, and what it is asked about; what another has by now is not its own
    any more. A collector sees what it shall look at, before and after. None of them sees a complaint about themselves.
    """
    if "case" not in MAY[role]:
        return False
    if role in ("squad", "leader"):
        return _has(scope.squad, case) and not {scope.squad, scope.officer} & {*case.about}
    if role == "collector":
        return not case.about and _looks(scope, case)
    if role == "unit":
        return scope.unit in units_of(case)
    if role == "town":
        return bool(scope.territory) and case.territory == scope.territory and not case.about
    return scope.desks is None or desk in scope.desks


def _has(squad: str, case: Case) -> bool:
    held = case.assignment.squad if case.assignment else case.squad
    return held == squad or any(request.squad == squad for request in case.requests)


def _looks(scope: Scope, case: Case) -> bool:
    if case.status is Status.VERIFYING:
        return case.collector == scope.officer
    return case.status is Status.DISPOSED and case.territory == scope.territory


@cache
def verbs(role: Role) -> frozenset[type[m.Order]]:
    """The order types that the role may ever give, in whatever status."""
    actor = ACTS_AS.get(role)
    return frozenset(kind for kind in _ORDERS if actor in givers(kind))


_OF_CASES: tuple[type[m.CaseOrder], ...] = (*ORDERS, *AFTER)
_ORDERS: tuple[type[m.Order], ...] = (*_OF_CASES, *OF_THE_DESK)


def actor_of(account: Account) -> m.Actor | None:
    """As whom the account gives orders: a unit by its own id, a device by the number of who carries it, everybody else
    by the account's; None: it gives none."""
    role = ACTS_AS.get(account.role)
    if role is None or (role == "unit" and not account.unit):
        return None
    return m.Actor(account.officer or (account.unit if role == "unit" else account.id), role, account.squad)


def allowed_actions(case: Case, account: Account) -> list[str]:
    """The orders that the table allows in this status by this account now, in the table's order. What an order says may
    still be wrong, and what the desk knows besides may still forbid it."""
    actor = actor_of(account)
    if actor is None:
        return []
    return [k.__name__ for k in _OF_CASES if possible(case, actor, k) and (k not in _ABOUT or _ABOUT[k](case))]


# Orders about something that a case may lack: nobody is offered to confirm what was not proposed.
_ABOUT: dict[type[m.CaseOrder], Callable[[Case], bool]] = {
    m.ConfirmProposal: lambda case: case.proposal is not None,
    m.ReviewRelaxation: lambda case: case.relaxation is not None,
    m.SignRequest: lambda case: any(not r.signed_at for r in case.requests),
    m.AnswerRequest: lambda case: any(not r.answered_at for r in case.requests),
    m.SplitCase: lambda case: bool(case.parent),
}
