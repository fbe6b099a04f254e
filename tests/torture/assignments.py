"""Who is offered or has what at one desk, as its log tells it: caps hold, leases end once and in their time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

AT_ONCE = 50  # a wake-up that acted on fewer cases had nothing more to do (the rules stop at 100)
ENDS = {  # an assignment
    "AssignmentReturned",
    "AssignmentWithdrawn",
    "LeaseExpired",
    "ActRefused",
    "DisputeOpened",
    "DisputeRuled",
    "CaseChecked",
    "CaseClosed",
    "CaseCancelled",
    "CaseTransferred",
    "CaseHandedOver",
}


class Assignments:
    """Who is offered or has what at one desk, as its log tells it: squads' loads, and leases."""

    def __init__(self, caps: dict[str, int], broken: Callable[[str, str], None]) -> None:
        self._caps, self._broken = caps, broken
        self._weight: dict[str, int] = {}
        self._load: Counter[str] = Counter()
        self._standing: dict[str, dict[str, Any]] = {}  # case -> offer or work order
        self._expired: set[str] = set()
        self._late = 0
        self._urgent: set[str] = set()  # emergencies: no cap holds them up

    def take(self, event: dict[str, Any], at: int) -> None:
        kind, case = event["type"], event.get("case_id", "")
        if kind in ("CaseRegistered", "CaseClassified", "CaseJoined"):
            self._weigh(case, event["weight"])
            self._urgent |= {case} if event.get("emergency") else set()
        elif kind == "CaseTaken":
            self._weigh(case, event["case"].get("weight", 1))  # a letter leaves out what is usual
            self._urgent |= {case} if event["case"].get("emergency") else set()
        elif kind in ("AssignmentOffered", "WorkOrderIssued"):
            self._offered(event)
        elif kind in ("LeaseExpired", "LeaseExtended"):
            self._lease(event, at)
        elif standing := self._standing.get(case):
            self._moved(standing, kind, event)
        if kind in ENDS:
            gone = self._standing.pop(case, None)
            if gone and gone["squad"]:
                self._load[gone["squad"]] -= self._weight.get(case, 1)
        if kind == "DisputeOpened":  # whoever has it until the ruling has it whatever the cap says
            interim = event["interim"]
            self._stands(case, interim["id"], interim.get("squad", ""), 0, waits=False)

    def woken(self, record: dict[str, Any]) -> None:
        """After a wake-up: no lease that is over stands any more."""
        acted = {event["case_id"] for event in record["events"] if "case_id" in event}
        for case, standing in self._standing.items() if len(acted) < AT_ONCE else ():
            if standing["waits"] and 0 < standing["due"] <= record["at"]:
                self._broken(
                    "lease", f"{standing['id']} of {case} is over since {standing['due']}, and nothing was done"
                )

    def latest(self, at: int) -> int:
        """By how much the latest lease was late: those that ended, and at `at` those that are over and stand."""
        over = (at - s["due"] for s in self._standing.values() if s["waits"] and s["due"])
        return max(self._late, *over, 0)

    @staticmethod
    def _moved(standing: dict[str, Any], kind: str, event: dict[str, Any]) -> None:
        """Whether its lease still runs: not once it was taken, and not while a return is reviewed."""
        if kind == "AssignmentAccepted":
            standing["taken"], standing["waits"] = True, False
        elif kind == "ReturnRequested":
            standing["waits"] = False
        elif kind == "ReturnRefused":
            standing["waits"], standing["due"] = not standing["taken"], event["due_at"]

    def _weigh(self, case: str, weight: int) -> None:
        """What a case weighs; one that squads have already may become heavier under them, whatever their cap."""
        standing = self._standing.get(case)
        if standing and standing["squad"]:
            self._load[standing["squad"]] += weight - self._weight.get(case, 1)
        self._weight[case] = weight

    def _offered(self, event: dict[str, Any]) -> None:
        case, squad = event["case_id"], event.get("squad", "")
        if case in self._standing:
            self._broken("lease", f"{case} offered while {self._standing[case]['id']} stands")
        due = event["due_at"] if squad else event["receipt_due_at"]
        self._stands(case, event["assignment_id"], squad, due)
        if squad and self._load[squad] > self._caps[squad] and case not in self._urgent:
            held = f"{self._load[squad]} of {self._caps[squad]}"
            self._broken("cap", f"{squad} holds {held} by {event['assignment_id']}")

    def _stands(self, case: str, name: str, squad: str, due: int, *, waits: bool = True) -> None:
        self._standing[case] = {"id": name, "squad": squad, "due": due, "waits": waits, "taken": False}
        if squad:
            self._load[squad] += self._weight.get(case, 1)

    def _lease(self, event: dict[str, Any], at: int) -> None:
        kind, assignment = event["type"], event["assignment_id"]
        standing = self._standing.get(event["case_id"])
        if not standing or standing["id"] != assignment or not standing["waits"]:
            self._broken("lease", f"{kind} of {assignment}, which does not wait: {standing}")
            return
        if at < standing["due"]:
            self._broken("lease", f"{kind} of {assignment} {standing['due'] - at} ms before its time")
        self._late = max(self._late, at - standing["due"])
        if kind == "LeaseExtended":
            if standing.get("extended"):
                self._broken("lease", f"{assignment} extended twice")
            standing["extended"], standing["due"] = True, event["due_at"]
        elif assignment in self._expired:
            self._broken("lease", f"{assignment} expired twice")
        else:
            self._expired.add(assignment)
