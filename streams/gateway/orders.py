"""Orders over HTTP: written to `desk-inbox`, answered with what the desk's record says of them.

    body + account ─▶ an order with the id that the caller made (Idempotency-Key) ─▶ appended, acks=all
    ─▶ the record of that message in desk-log ─▶ 200 done, 409 refused with the reason and what is true now
    ─▶ nothing within ANSWER_S: 202, and a place to ask

The gateway refuses only what no state of any case could allow (a verb that the role never has, a case that is not the
caller's to see). Everything else is the desk's to say: two operators at once are put in order there, not here.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from dispatchers import messages as m
from dispatchers.explain.words import REFUSED
from dispatchers.messages.words import Id

from ..kafka_io import within
from . import access
from .cases import Cases, CaseView
from .live import Answer, Held
from .problem import PATIENCE_S, Problem, bad_body, no_broker, not_found, too_many, unfit
from .sessions import Session

ANSWER_S = 2.0  # a desk answers in milliseconds; one that is being taken over does not
UNDERWAY = 2_000  # on their way to an answer at once; beyond, 429
KEPT = 10_000  # orders of which it is remembered who sent them
OURS = ("message_id", "actor", "simulated")  # what a caller does not say


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It happened. `repeated`: it was sent before; what became of it then stands in the case's story."""

    done: bool = True
    repeated: bool = False
    events: tuple[str, ...] = ()
    case: CaseView | None = None
    seq: str = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """It is with the desk, which has not decided yet; or it waits for the version of the case that it speaks of."""

    pending: bool = True
    ask: str = ""
    waits_for_version: bool = False


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a case. `since`: when it was offered to them."""

    squad: str
    unit: str
    team: str
    name: str
    since: int


class Given(msgspec.Struct, frozen=True):
    """One order of a bulk."""

    key: Id
    order: dict[str, Any]


class Bulk(msgspec.Struct, frozen=True):
    """Many orders at once, each with its own answer."""

    orders: list[Given]


class _Sent(NamedTuple):
    account: str
    content: bytes


class Orders:
    """The way of an order to its desk and back."""

    def __init__(self, cases: Cases, sender: AIOKafkaProducer) -> None:
        self._cases, self._live, self._sender = cases, cases.live, sender
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._underway = 0

    async def give(self, session: Session, key: str, told: dict[str, Any]) -> Done | Pending:
        """Send an order, or the same again, and wait for its answer.

        Raises Problem: it does not fit, is not this role's, speaks of nothing there; refused (409), too many (429), no
        broker (503).
        """
        if self._underway >= UNDERWAY:
            raise too_many(ANSWER_S)
        self._underway += 1
        try:
            return await self._give(session, key, told)
        finally:
            self._underway -= 1

    async def _give(self, session: Session, key: str, told: dict[str, Any]) -> Done | Pending:
        order = self._read(session, key, told)
        content = hashlib.sha256(msgspec.json.encode(told, order="deterministic")).digest()
        before = self._sent.get(key)
        if before and before != _Sent(session.account.id, content):
            raise unfit("Idempotency-Key", "这个编号已用于另一条命令", "this key was used for another order")
        known = self._live.answer_to(key)
        if before and known and not known.waits:
            return self._answered(session, known)
        desk = self._desk_of(session, order)
        awaited = self._live.awaited(key)
        if not before:
            self._sent[key] = _Sent(session.account.id, content)
            if len(self._sent) > KEPT:
                self._sent.popitem(last=False)
        try:
            async with within(PATIENCE_S):
                await self._sender.send_and_wait(
                    "desk-inbox", msgspec.json.encode(order), key=desk.encode(), partition=self._live.partitions[desk]
                )
        except KafkaError as fault:
            self._live.forget(key)
            raise no_broker() from fault
        return await self._wait(session, key, awaited)

    async def ask(self, session: Session, key: str) -> Done | Pending:
        """What became of an order of this account. Raises Problem (404: none was sent from here)."""
        sent = self._sent.get(key)
        if sent is None or sent.account != session.account.id:
            raise not_found()
        known = self._live.answer_to(key)
        return self._answered(session, known) if known else Pending(ask=_place(key))

    async def give_all(self, session: Session, bulk: Bulk) -> list[dict[str, Any]]:
        """Each order's own result, in the order given."""
        return list(await asyncio.gather(*(self._one(session, given) for given in bulk.orders)))

    async def _one(self, session: Session, given: Given) -> dict[str, Any]:
        try:
            answer = await self.give(session, given.key, given.order)
        except Problem as problem:
            return {"key": given.key, "status": problem.status, **problem.body}
        return {"key": given.key, "status": status_of(answer), **msgspec.to_builtins(answer)}

    def _read(self, session: Session, key: str, told: dict[str, Any]) -> m.DeskOrder:
        for word in OURS:
            if word in told:
                raise unfit(f"$.{word}", "由网关填写，请去掉", "the gateway says this; leave it out")
        actor = msgspec.to_builtins(access.actor_of(session.account))
        whole = {**told, "message_id": key, "actor": actor, "simulated": session.account.simulated}
        try:
            order: m.DeskOrder = msgspec.convert(whole, m.DeskOrder)
        except msgspec.ValidationError as fault:
            raise bad_body(fault) from fault
        if type(order) not in access.verbs(session.account.role):
            raise Problem(403, "not_your_role", "您的岗位不能发出这类命令", "your role never gives this order")
        return order

    def _desk_of(self, session: Session, order: m.DeskOrder) -> str:
        """Where it must go. Raises Problem 404 for what is not there or not to be seen."""
        if isinstance(order, m.CaseOrder):
            held = self._cases.held(session, order.case_id) or self._once_theirs(session, order.case_id)
            if held is None:
                raise not_found()
            return held.desk
        desk: str = order.desk
        account, ours = session.account, session.scope.desks
        if account.squad:  # a leader's own squad is on its desk
            ours = frozenset({account.desk})
        if desk not in self._live.partitions or (ours is not None and desk not in ours):
            raise not_found()
        return desk

    async def _wait(self, session: Session, key: str, awaited: asyncio.Future[Answer]) -> Done | Pending:
        try:
            answer = await asyncio.wait_for(asyncio.shield(awaited), ANSWER_S)
        except TimeoutError:
            return Pending(ask=_place(key))
        return self._answered(session, answer)

    def _answered(self, session: Session, answer: Answer) -> Done | Pending:
        """The answer as the caller hears it. Raises Problem 409."""
        if answer.waits:
            return Pending(waits_for_version=True)
        case = self._cases.now(session, answer.case_id) if answer.case_id else None
        if answer.reason:
            said = REFUSED.get(answer.reason)
            zh, en = (said.zh, said.en) if said else (answer.reason, answer.reason)
            holder = self._holder(session, answer.case_id)
            raise Problem(409, "refused", zh, en, reason=answer.reason, case=case, holder=holder)
        return Done(repeated=answer.repeated, events=answer.events, case=case, seq=self._cases.here())

    def _once_theirs(self, session: Session, case_id: str) -> Held | None:
        """A case that this squad was offered and that it may not see any more: what its telephone still says of it, the
        desk refuses, and not we with a "there is no such case"."""
        squad = session.account.squad
        held = (self._live.find(case_id) or self._live.found_ended(case_id)) if squad else None
        return held if held and squad in held.case.owners and not held.case.about else None

    def _holder(self, session: Session, case_id: str) -> Holder | None:
        """Who has a case now that this squad once was offered: it may see no more of it than that. None: nobody has, or
        it is no affair of the caller's."""
        held = self._once_theirs(session, case_id)
        now = held.case.assignment if held else None
        if held is None or now is None:
            return None
        city = self._live.city(held.desk)
        name = city.squads[now.squad].name if now.squad else city.units[now.unit].name
        return Holder(squad=now.squad, unit=now.unit, team=now.team, name=name, since=now.offered_at)


def status_of(answer: Done | Pending) -> int:
    """200 or 202."""
    return 200 if isinstance(answer, Done) else 202


def _place(key: str) -> str:
    return f"/api/orders/{key}"
