"""A second program for the indicators: the formulas of domain.md §3 as SQL over the records of the desks' logs.

Written apart from dispatchers/targets and importing nothing of it. It knows no fold and takes nothing back: a step
counts if nothing that comes later undoes it. What is counted is a stay of a case at a desk: from its registration, its
coming from another desk, or the word that a question is a matter after all, until the next of these. Events while it
only wants an answer are in no stay.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from .count import Recount

BEGINS = ("CaseRegistered", "CaseTaken", "CaseClassified")
ENDS = ("CaseClosed", "CaseCancelled", "CaseTransferred", "CaseHandedOver")
DISPATCH = ("AssignmentOffered", "WorkOrderIssued")
AGAIN = ("ReworkOrdered", "WorkOrderReopened")
LOST = ("AssignmentWithdrawn", "AssignmentReturned", "LeaseExpired", "DisputeRuled", "ActRefused")
LOOKS = ("VerificationOrdered", "CaseDisposed")
KNOWN = (
    "CaseMerged", "AssignmentOffered", "WorkOrderIssued", "AssignmentDeferred", "AssignmentProposed", "DisputeOpened",
    "CaseClassified", "CaseVerified",
)  # fmt: skip
HOURS_EAST, DAY = 8 * 3_600_000, 86_400_000
BACKLOG = 60

TABLES = f"""
create table said as
    select desk, case_id, place, type,
        coalesce(json_extract(told, '$.duty'), json_extract(told, '$.case.duty'), '') as duty
    from event where type in {BEGINS};
create table begun as
    select desk, case_id, place as stay from (
        select *, lag(duty, 1, 'reply') over (partition by desk, case_id order by place) as was from said
    ) where duty <> 'reply' and (type <> 'CaseClassified' or was = 'reply');
create index said_of on said (desk, case_id, place);
create index begun_of on begun (desk, case_id, stay);
create table step as
    select e.*, (
        select max(stay) from begun as b where b.desk = e.desk and b.case_id = e.case_id and b.stay <= e.place
    ) as stay
    from event as e
    where case_id <> '' and type not like 'Order%' and 'reply' <> (
        select duty from said as s where s.desk = e.desk and s.case_id = e.case_id and s.place <= e.place
        order by s.place desc limit 1
    );
create index step_of on step (desk, stay, place);
"""
# Nobody's child at that point: neither merged 并案 before, nor since split or reopened.
OWN = """coalesce((
    select type <> 'CaseMerged' from step as m where m.desk = e.desk and m.stay = e.stay and m.place < e.place
        and m.type in ('CaseMerged', 'CaseSplit', 'CaseReopened') order by m.place desc limit 1
), not exists (
    select 1 from step as b where b.desk = e.desk and b.place = e.stay and json_extract(b.told, '$.case.parent') <> ''
))"""
IN = "e.desk = :desk and e.at >= :first and e.at < :last"


def _later(types: tuple[str, ...], where: str = "true") -> str:
    """Whether one of these comes later in the stay of `e`."""
    return f"""exists (select 1 from step as l
        where l.desk = e.desk and l.stay = e.stay and l.place > e.place and l.type in {_row(types)} and {where})"""


def _before(types: tuple[str, ...], where: str = "true") -> str:
    """Whether one of these came before in the stay of `e`."""
    return _later(types, where).replace("l.place > e.place", "l.place < e.place")


def _row(types: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{t}'" for t in types) + ")"


Stay = list[tuple[int, str, dict[str, Any]]]  # of each step: when, what, and what it told


class Indicators:
    """The records of all desks, to be asked; `patrolled`: the items of city management."""

    def __init__(self, records: Recount, patrolled: Collection[str]) -> None:
        self.db: sqlite3.Connection = records.db
        self.patrolled = frozenset(patrolled)
        self.db.executescript(TABLES)
        self._read: dict[tuple[str, int], Stay] = {}

    # -- asking ----------------------------------------------------------------------------------------------------

    def shares(self, desk: str, first: int, last: int, now: int) -> dict[str, tuple[int, int]]:
        """Each indicator of [first, last), as (num, den). What stands is as of its end, or as of now."""
        of = {"desk": desk, "first": first, "last": last}
        known = self._registrations(desk, first, last)
        registered = len(known["registered"])
        stands = self.standing(desk, min(now, last))
        dispatched, promptly, rightly = self._dispatched(of)
        done = self._disposed(of)
        shut = self._closed(of)
        looks, in_time = self._looks(of)
        refused = self._cancelled(of, "not_registered")
        to_dispatch = dispatched + stands["waiting"]
        to_dispose = len(done) + stands["late"]
        to_close = len(shut) + stands["done"] + stands["late"]
        return {
            "reported_valid": (known["valid"], known["reported"]),
            "registered": (registered, registered + refused + stands["pending"]),
            "registered_on_time": (sum(r["prompt"] for r in known["registered"]), registered),
            "registered_right": (registered - sum(r["void"] for r in known["registered"]), registered),
            "dispatched": (dispatched, to_dispatch),
            "dispatched_on_time": (promptly, to_dispatch),
            "dispatched_right": (rightly, to_dispatch),
            "disposed": (len(done), to_dispose),
            "disposed_on_time": (
                sum(d["kept"] for d in done), to_dispose - sum(d["exempt"] for d in done)
            ),
            "overdue_waiting": (stands["late"], to_dispose),
            "extended": (sum(d["extended"] for d in done) + stands["late_extended"], to_dispose),
            "closed": (len(shut), to_close),
            "closed_on_time": (sum(c["kept"] for c in shut), to_close - sum(c["exempt"] for c in shut)),
            "reworked": (
                sum(c["reworked"] for c in shut) + stands["done_reworked"] + stands["late_reworked"], to_close
            ),
            "checked_on_time": (in_time, looks + stands["unlooked"]),
            "missed": (sum(r["missed"] for r in known["registered"]), registered),
            "by_public": (sum(r["public"] for r in known["registered"]), registered),
        }  # fmt: skip

    def counts(self, desk: str, first: int, last: int, now: int) -> dict[str, int]:
        """What is counted beside them."""
        of = {"desk": desk, "first": first, "last": last}
        stands, shut = self.standing(desk, min(now, last)), self._closed(of)
        hung = f"select count(*) from step as e where {IN} and type = 'CaseSuspended'"
        first_time = f"""not {_before(("CaseSuspended",))} and not coalesce((
            select json_extract(b.told, '$.case.suspended') from step as b where b.desk = e.desk and b.place = e.stay
        ), 0)"""
        return {
            "reworks": self._number(f"select count(*) from step as e where {IN} and type in {AGAIN}", of),
            "suspended_now": stands["hung"],
            "suspended_ever": self._number(f"{hung} and {first_time}", of),
            "suspensions": self._number(hung, of),
            "backlog": stands["backlog"],
            **{how: self._cancelled(of, how) for how in ("rejected", "not_registered", "cancelled")},
            "overdue": sum(c["late"] for c in shut),
            "exempt": sum(c["exempt"] for c in shut),
        }

    def seen(self, desk: str, first: int, last: int) -> int:
        """R37: a patrol's find of enforcement that went to a unit, or up since it is reserved, in [first, last)."""
        beyond = "({0}.type = 'WorkOrderIssued' or json_extract({0}.told, '$.cause') = 'reserved')"
        ours = "'enforcement' = ({})"
        types = ("WorkOrderIssued", "CaseEscalated")
        query = f"""
            select count(*) from step as e where {IN} and type in {types}
                and {beyond.format("e")} and {ours.format(_last("nature", "e"))}
                and not {_before(types, f"{beyond.format('l')} and {ours.format(_last('nature', 'l'))}")}
                and exists (
                    select 1 from step as b where b.desk = e.desk and b.place = e.stay
                        and coalesce(json_extract(b.told, '$.kind'), json_extract(b.told, '$.case.kind'))
                            in ('event', 'component')
                        and coalesce(json_extract(b.told, '$.case.level'), 'town') = 'town'
                )
        """
        return self._number(query, {"desk": desk, "first": first, "last": last})

    def loads(self, desk: str, at: int) -> dict[str, int]:
        """Open cases by squad at an instant: offered or at work, until the check has passed."""
        found: dict[str, int] = {}
        for stay in self._open(desk, at):
            squad = ""
            for _, kind, told in stay:
                if kind == "DisputeOpened":
                    squad = told["interim"].get("squad", "")
                elif kind in ("AssignmentOffered", "WorkOrderIssued", "CaseDisposed"):
                    squad = told.get("squad", "")
                elif kind in ("CaseReopened", *LOST):
                    squad = ""
            waits = [kind for _, kind, _ in stay if kind in ("CaseChecked", *AGAIN, "CaseReopened")][-1:]
            if squad and waits != ["CaseChecked"] and not _hung(stay) and _own(stay):
                found[squad] = found.get(squad, 0) + 1
        return found

    # -- steps -----------------------------------------------------------------------------------------------------

    def _number(self, query: str, of: dict[str, Any]) -> int:
        return int(self.db.execute(query, of).fetchone()[0])

    def _registrations(self, desk: str, first: int, last: int) -> dict[str, Any]:
        """Reports that came in [first, last), and registrations 立案 of then, that are still what they were."""
        reported = valid = 0
        registered: list[dict[str, Any]] = []
        for stay in self._stays(desk):
            at, kind, told = stay[0]
            own = kind != "CaseTaken"
            if self._only_a_question(desk, stay):
                continue
            ends = [
                (k, t.get("outcome")) for _, k, t in stay
                if k in ("CaseMerged", "CaseSplit", "CaseReopened", "CaseCancelled")
            ]  # fmt: skip
            stands = [e for e in ends if e[1] != "cancelled"][-1:]
            none = bool(stands) and stands[0][0] in ("CaseMerged", "CaseCancelled")
            if kind == "CaseTaken" and told["case"].get("parent") and not stands:
                none = True
            if own and first <= at < last:
                reported += 1
                valid += not none
            when, prompt, item = self._known(stay)
            if when is not None and first <= when < last and not none:
                source = told["case"]["kind"] if kind == "CaseTaken" else told.get("kind", "consult")
                public = source not in ("event", "component")
                registered.append({
                    "prompt": prompt, "void": ends[-1:] == [("CaseCancelled", "cancelled")], "public": public,
                    "missed": public and item in self.patrolled,
                })  # fmt: skip
        return {"reported": reported, "valid": valid, "registered": registered}

    def _only_a_question(self, desk: str, stay: Stay) -> bool:
        """Whether somebody said in the end that this was no matter at all."""
        begin = stay[0][2]["place"]
        after = self.db.execute(
            "select s.type, s.duty from said as s where s.desk = :desk and s.case_id = :case and s.place > :place "
            "and (s.duty = 'reply' or s.type <> 'CaseClassified') order by s.place limit 1",
            {"desk": desk, "case": stay[0][2]["case_id"], "place": begin},
        ).fetchone()
        return after is not None and tuple(after) == ("CaseClassified", "reply")

    def _known(self, stay: Stay) -> tuple[int | None, bool, str]:
        """When it was known what it is and where, whether in time, and what it was then: (None, …): never here."""
        at, kind, told = stay[0]
        terms = told["case"].get("terms", ()) if kind == "CaseTaken" else told.get("terms", ())
        due = next((t["due_at"] for t in terms if t["name"] == "accept"), None)
        item = told["case"].get("item", "") if kind == "CaseTaken" else told["item"]
        if due is None:
            return (None if kind == "CaseTaken" else at), True, item
        ended = False
        for at, kind, told in stay[1:]:
            due = next((t["due_at"] for t in told.get("terms", ()) if t["name"] == "accept"), due)
            item = told["item"] if kind == "CaseClassified" else item
            if kind == "CaseReopened":
                return (at if stay[0][1] != "CaseTaken" else None), False, item
            ended = ended or kind in ENDS
            if not ended and kind in KNOWN and (kind != "CaseVerified" or (told["found"] and item)):
                return at, not due or at <= due, item
        return None, False, item

    def _cancelled(self, of: dict[str, Any], how: str) -> int:
        query = f"""select count(*) from step as e where {IN} and type = 'CaseCancelled'
            and json_extract(told, '$.outcome') = :how and {OWN} and not {_later(("CaseReopened",))}"""
        return self._number(query, {**of, "how": how})

    def _dispatched(self, of: dict[str, Any]) -> tuple[int, int, int]:
        """派遣: the first of a stay; of these in time, and never found wrong."""
        due = """(select json_extract(d.told, '$.dispatch_due') from step as d where d.desk = e.desk and d.stay = e.stay
            and d.place < e.place and json_extract(d.told, '$.dispatch_due') <> 0 order by d.place desc limit 1)"""
        wrong = _later(("AssignmentReturned",), "json_extract(l.told, '$.wrong')")
        query = f"""select count(*), coalesce(sum(at <= coalesce({due}, 0)), 0), coalesce(sum(not {wrong}), 0)
            from step as e where {IN} and type in {DISPATCH} and not {_before(DISPATCH)}"""
        first, prompt, right = self.db.execute(query, of).fetchone()
        return int(first), int(prompt), int(right)

    def _disposed(self, of: dict[str, Any]) -> list[dict[str, bool]]:
        """处置: those that nothing sent back."""
        query = f"""select stay, place, at from step as e where {IN} and type = 'CaseDisposed'
            and not {_later((*AGAIN, "CaseReopened"))}"""
        found = []
        for stay, place, at in self.db.execute(query, of).fetchall():
            whole = self._stay(of["desk"], stay)
            until = [row for row in whole if row[2]["place"] <= place]
            found.append({"kept": _kept(until, at), "extended": _extended(until), "exempt": _exempt(whole)})
        return found

    def _closed(self, of: dict[str, Any]) -> list[dict[str, bool]]:
        """结案: those that nobody opened again."""
        query = f"""select stay, place, at from step as e where {IN} and type = 'CaseClosed'
            and json_extract(told, '$.outcome') <> 'merged' and not {_later(("CaseReopened",))}"""
        found = []
        for stay, place, at in self.db.execute(query, of).fetchall():
            whole = self._stay(of["desk"], stay)
            until = [row for row in whole if row[2]["place"] < place]
            found.append({
                "kept": _kept(until, at), "late": _late(until, at), "exempt": _exempt(whole),
                "reworked": _reworked(until),
            })  # fmt: skip
        return found

    def _looks(self, of: dict[str, Any]) -> tuple[int, int]:
        """核实 and 核查 that were done, or cannot be any more: (all, in time)."""
        every = prompt = 0
        for stay in self._stays(of["desk"]):
            for n, (_, kind, told) in enumerate(stay):
                if kind not in LOOKS:
                    continue
                due = told.get("due_at" if kind == "VerificationOrdered" else "check_due", 0)
                at, how = _end_of_look(stay, n)
                if how == "done":
                    every += of["first"] <= at < of["last"]
                    prompt += of["first"] <= at < of["last"] and at <= due
                elif (how == "failed" and not _ordered_again(stay, n)) or (how == "ended" and 0 < due < at):
                    every += of["first"] <= at < of["last"]
        return every, prompt

    # -- what stands -----------------------------------------------------------------------------------------------

    def standing(self, desk: str, at: int) -> dict[str, int]:
        """What stands at an instant: open cases of their own."""
        found = dict.fromkeys(
            ("pending", "waiting", "late", "late_extended", "late_reworked", "done", "done_reworked", "unlooked",
             "hung", "backlog"), 0,
        )  # fmt: skip
        for stay in self._open(desk, at):
            if not _own(stay):
                continue
            when, _, _ = self._known(stay)
            foreign = stay[0][1] == "CaseTaken"
            waits_for_it = any(t["name"] == "accept" for t in stay[0][2].get("case", stay[0][2]).get("terms", ()))
            reopened = any(kind == "CaseReopened" for _, kind, _ in stay)
            if when is None and waits_for_it and not reopened:
                found["pending"] += 1
            elif not any(kind in DISPATCH for _, kind, _ in stay):
                assert when is not None or foreign
                found["waiting"] += 1
            last = [kind for _, kind, _ in stay if kind in ("CaseDisposed", *AGAIN, "CaseReopened")][-1:]
            if last == ["CaseDisposed"]:
                found["done"] += 1
                found["done_reworked"] += _reworked(stay)
            elif _late(stay, at):
                found["late"] += 1
                found["late_extended"] += _extended(stay)
                found["late_reworked"] += _reworked(stay)
            looks = [n for n, row in enumerate(stay) if row[1] in LOOKS][-1:]
            for n in looks:
                told = stay[n][2]
                due = told.get("due_at" if stay[n][1] == "VerificationOrdered" else "check_due", 0)
                found["unlooked"] += _end_of_look(stay, n)[1] == "" and 0 < due < at
            if since := _hung(stay):
                found["hung"] += 1
                found["backlog"] += (at + HOURS_EAST) // DAY - (since + HOURS_EAST) // DAY >= BACKLOG
        return found

    def _open(self, desk: str, at: int) -> list[Stay]:
        """The stays that go on at an instant, as far as they had come."""
        found = []
        for whole in self._stays(desk):
            stay = [row for row in whole if row[0] < at]
            if stay and [kind for _, kind, _ in stay if kind in (*BEGINS, *ENDS, "CaseReopened")][-1] not in ENDS:
                left = self.db.execute(
                    "select count(*) from said where desk = ? and case_id = ? and place > ? and duty = 'reply' "
                    "and place in (select place from event where desk = ? and at < ?)",
                    (desk, stay[0][2]["case_id"], stay[-1][2]["place"], desk, at),
                ).fetchone()[0]
                if not left:
                    found.append(stay)
        return found

    def _stays(self, desk: str) -> list[Stay]:
        rows = self.db.execute("select distinct stay from step where desk = ? order by stay", (desk,)).fetchall()
        return [self._stay(desk, stay) for (stay,) in rows]

    def _stay(self, desk: str, stay: int) -> Stay:
        if (desk, stay) not in self._read:
            rows = self.db.execute(
                "select at, type, told, place from step where desk = ? and stay = ? order by place", (desk, stay)
            )
            self._read[desk, stay] = [(at, kind, json.loads(told) | {"place": n}) for at, kind, told, n in rows]
        return self._read[desk, stay]


def _last(field: str, of: str) -> str:
    """The last word on a field of the matter before a step."""
    return f"""select coalesce(json_extract(s.told, '$.{field}'), json_extract(s.told, '$.case.{field}'), '')
        from step as s where s.desk = {of}.desk and s.stay = {of}.stay and s.place <= {of}.place and s.type in {BEGINS}
        order by s.place desc limit 1"""


def _own(stay: Stay) -> bool:
    """Nobody's child."""
    words = [kind for _, kind, _ in stay if kind in ("CaseMerged", "CaseSplit", "CaseReopened")][-1:]
    if words:
        return words != ["CaseMerged"]
    return not stay[0][2].get("case", {}).get("parent")


def _hung(stay: Stay) -> int:
    """Since when it is suspended; 0: it is not."""
    words = [(at, kind) for at, kind, _ in stay if kind in ("CaseSuspended", "CaseResumed", "CaseReopened", *LOST)][-1:]
    return words[0][0] if words and words[0][1] == "CaseSuspended" else 0


def _extended(stay: Stay) -> bool:
    return any(kind == "DeadlineExtended" or told.get("case", {}).get("extensions") for _, kind, told in stay)


def _reworked(stay: Stay) -> bool:
    return any(kind in AGAIN or told.get("case", {}).get("rework") for _, kind, told in stay)


def _exempt(stay: Stay) -> bool:
    """Whether it was late when it was closed, and an appeal since then was approved."""
    ends = [n for n, row in enumerate(stay) if row[1] in ("CaseClosed", "CaseReopened")][-1:]
    for n in ends:
        appealed = any(kind == "AppealApproved" for _, kind, _ in stay[n:])
        return stay[n][1] == "CaseClosed" and appealed and _late(stay[:n], stay[n][0])
    return False


def _end_of_look(stay: Stay, n: int) -> tuple[int, str]:
    """When and how the n-th step's look came to its end; "": it did not yet, or nobody need look any more."""
    for at, kind, _ in stay[n + 1 :]:
        if kind in ("CaseChecked", "CaseVerified", *AGAIN):
            return at, "done"
        if kind == "CaseNeedsOperator":
            return at, "failed"
        if kind in ("CaseClassified", "CaseMerged"):
            return at, "void"
        if kind in ENDS:
            return at, "ended"
    return 0, ""


def _ordered_again(stay: Stay, n: int) -> bool:
    """Whether the same round has another look."""
    for _, kind, _ in stay[n + 1 :]:
        if kind == "VerificationOrdered":
            return True
        if kind in (*DISPATCH, "CaseReopened"):
            return False
    return False


def _limit(stay: Stay, name: str) -> tuple[int, int]:
    """The limit of a name as it stands: (due, when what it asks for was done); read backwards, the last word counts."""
    start, due, done = 0, 0, 0
    for n in range(len(stay) - 1, -1, -1):
        _, kind, told = stay[n]
        said = told["case"].get("terms", ()) if kind == "CaseTaken" else told.get("terms", ())
        named = [t for t in (*said, *([told["term"]] if "term" in told else ())) if t["name"] == name]
        if named:
            start, due, done = n, named[-1]["due_at"], named[-1].get("done_at", 0)
            break
        if kind in ("CaseReopened", "CaseTaken") or (kind == "CaseClassified" and _another(stay, n)):
            return 0, 0
    filed = any(kind == "PenaltyFiled" for _, kind, _ in stay[: start + 1])
    for at, kind, _ in stay[start + 1 :]:
        if kind == "CaseDisposed" or (kind == "PenaltyFiled" and name == "dispose"):
            done = done or at
        filed = filed or kind == "PenaltyFiled"
        if kind in (*AGAIN, "ActRefused") and (name == "penalty" or not filed):
            done = 0
    return due, done


def _another(stay: Stay, n: int) -> bool:
    """Whether a classification made another matter of it."""
    told = stay[n][2]
    before = next((h[2].get("case", h[2]) for h in reversed(stay[:n]) if h[1] in BEGINS), told)
    return (told["item"], told["duty"]) != (before.get("item", ""), before.get("duty", ""))


def _late(stay: Stay, at: int) -> bool:
    """Whether a limit passed before what it asks for was done."""
    return any(0 < due < (done or at) for due, done in (_limit(stay, "dispose"), _limit(stay, "penalty")))


def _kept(stay: Stay, at: int) -> bool:
    """Whether there was a limit, and it was kept."""
    return _limit(stay, "dispose")[0] > 0 and not _late(stay, at)
