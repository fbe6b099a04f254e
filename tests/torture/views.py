"""What the processes beside the workers show, against the records: archive, public events, replies, numbers, boards.

Each is a function of what lies there and of the checker's records, and none asks the project what is right: the
archive's file is read as SQL, the numbers are counted by tests/recount, the rest is JSON beside JSON.

    archive   its position is the log's end; each case's version, desk, end and events are those of the records
    facts     every event of a case is in `case-events`, repeats under the same id and unchanged, a case's in order
    replies   whatever begins or ends a case, or answers its caller, is in `replies`, likewise
    outside   each reply that a source is owed was done there, in order, and is written as acknowledged; each offer that
              stands was done there; what the log says was sent was; nothing under an id that the log has not
    numbers   what /metrics says is what a second program counts
    console   the gateway's boards have the open cases of the records
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.recount.count import Recount, day, span
from tests.support_kafka import Entry, Lying

from .checker import NOTHING, Checker, Fault, Valid
from .whiteboard import open_cases

PRIVATE = ("reporter_ref", "caller_tag")
ENDS = {"CaseClosed": "closed", "CaseCancelled": "cancelled", "CaseTransferred": "transferred"}
REPLIES = {  # what a reply to such an event is
    "CaseRegistered": {"progress"},
    "CaseReopened": {"progress"},
    "CallerAnswered": {"reply"},
    "CaseClosed": {"closed"},
    "CaseCancelled": {"rejected", "transferred"},
    "CaseTransferred": {"transferred"},
}
OVER = {  # an offer does not stand any more
    "AssignmentAccepted",
    "AssignmentReturned",
    "AssignmentWithdrawn",
    "LeaseExpired",
    "OfferReceived",
    "ReturnRequested",
    "DisputeOpened",
    *("CaseClosed", "CaseCancelled", "CaseTransferred", "CaseHandedOver", "CaseMerged"),
}
DAY = 86_400_000
Place = tuple[int, int, int]  # partition and offset in desk-log, index of the event


class Told(NamedTuple):
    """An event of a case."""

    place: Place
    at: int
    desk: str
    event: dict[str, Any]


def told(checker: Checker) -> Iterator[Told]:
    """All that changed a case, log by log."""
    for (topic, partition), log in checker.logs.items():
        for valid in log if topic == "desk-log" else ():
            for nth, event in enumerate(valid.said["events"]):
                if "case_version" in event and event["type"] not in NOTHING:
                    place = partition, valid.offset, nth
                    yield Told(place, valid.said["at"], valid.said["desk"], event)


def _logs(checker: Checker) -> Iterator[tuple[int, list[Valid]]]:
    return ((p, log) for (topic, p), log in checker.logs.items() if topic == "desk-log" and log)


# -- archive -----------------------------------------------------------------------------------------------------------


def unlike_archive(db: sqlite3.Connection, checker: Checker) -> list[Fault]:
    """Where its file is not the records'."""
    ends = {(p, log[-1].offset, log[-1].hash) for p, log in _logs(checker)}
    there = set(db.execute("SELECT partition, offset, hash FROM position"))
    if ends != there:
        return [Fault("archive", f"stands at {sorted(there)}, the logs end at {sorted(ends)}")]
    wrong = _differ("cases", _cases(checker), dict(_archived(db)))
    moves = "SELECT partition, offset, nth, case_id, version FROM story WHERE moves"
    story = {(p, o, n): (case, version) for p, o, n, case, version in db.execute(moves)}
    right = {t.place: (t.event["case_id"], t.event["case_version"]) for t in told(checker)}
    return wrong + _differ("story", right, story)


def _archived(db: sqlite3.Connection) -> Iterator[tuple[str, tuple[Any, ...]]]:
    query = (
        "SELECT id, version, bodies.desk, names.name, open FROM bodies JOIN cases USING (n)"
        " JOIN names ON names.code = cases.status"
    )
    for case, version, desk, status, is_open in db.execute(query):
        end = status if status in (*ENDS.values(), "handed_over") else ""
        yield case, (version, desk, end, bool(is_open))


def _cases(checker: Checker) -> dict[str, tuple[Any, ...]]:
    """Each case: version, desk, how it ended ("": it did not), whether it is open."""
    by_case: dict[str, list[Told]] = defaultdict(list)
    for one in told(checker):
        by_case[one.event["case_id"]].append(one)
    found = {}
    for case, happened in by_case.items():
        end = ""
        for one in sorted(happened, key=lambda t: t.event["case_version"]):
            kind = one.event["type"]
            end = {**ENDS, "CaseHandedOver": "handed_over", "CaseReopened": "", "CaseTaken": ""}.get(kind, end)
        found[case] = one.event["case_version"], one.desk, end, end not in ENDS.values()
    return found


def _differ(what: str, right: Mapping[Any, Any], there: Mapping[Any, Any]) -> list[Fault]:
    wrong = [key for key in right.keys() | there.keys() if right.get(key) != there.get(key)]
    return [Fault("archive", f"{what} {key}: {there.get(key)}, the log has {right.get(key)}") for key in wrong[:20]]


# -- public topics -----------------------------------------------------------------------------------------------------


def unlike_facts(entries: Iterable[Entry], checker: Checker) -> list[Fault]:
    """Where `case-events` is not the events of the records."""
    faults, seen = [], _Seen("facts")
    right = {f"desk-log/{'/'.join(map(str, t.place))}": t for t in told(checker)}
    for entry in entries:
        name = dict(entry.headers).get("ce_id", b"").decode()
        faults += seen.take(name, entry)
        known = right.get(name)
        if known is None:
            faults.append(Fault("facts", f"{name}: no record says {entry.value!r:.200}"))
        elif json.loads(entry.value or b"") != _public(known.event) or entry.key != known.event["case_id"].encode():
            faults.append(Fault("facts", f"{name}: {entry.value!r:.300}, the log has {str(known.event)[:300]}"))
    lost = [name for name in right if name not in seen.first]
    return faults + [Fault("facts", f"{name} lost: {str(right[name].event)[:200]}") for name in lost]


def _public(event: dict[str, Any]) -> dict[str, Any]:
    inner = {"case": _public(event["case"])} if "case" in event else {}
    return {k: v for k, v in event.items() if k not in PRIVATE} | inner


class _Seen:
    """What came on a topic: a repeat is byte for byte the first; of a case and log the first ones are in order."""

    def __init__(self, promise: str) -> None:
        self._promise = promise
        self.first: dict[str, Entry] = {}
        self._newest: dict[tuple[bytes, int], Place] = {}

    def take(self, name: str, entry: Entry) -> Iterator[Fault]:
        if name in self.first:
            before = self.first[name]
            if (before.key, before.value) != (entry.key, entry.value):
                yield Fault(self._promise, f"{name} told {before.value!r:.200}, and then {entry.value!r:.200}")
            return
        self.first[name] = entry
        _, partition, *rest = name.split("/") if name.count("/") > 2 else ("", "-1")
        way, place = (entry.key or b"", int(partition)), tuple(map(int, rest))
        if place < self._newest.get(way, ()):
            yield Fault(self._promise, f"{name} not in order: behind {self._newest[way]}")
        self._newest[way] = place  # type: ignore[assignment]


def unlike_replies(entries: Iterable[Entry], checker: Checker) -> list[Fault]:
    """Where `replies` is not what the records owe the sources."""
    faults, seen = [], _Seen("replies")
    events = {f"desk-log/{'/'.join(map(str, t.place))}": t.event for t in told(checker)}
    number = {e["case_id"]: (e["source"], e["source_id"]) for e in events.values() if e["type"] == "CaseRegistered"}
    for entry in entries:
        said = json.loads(entry.value or b"")
        name = said["id"]
        faults += seen.take(name, entry)
        event = events.get("/".join(name.split("/")[:4]))
        own = name.count("/") == 3  # else it is about a child of the case
        of_case = (said["source"], said["source_id"]) == number.get(said["case_id"])
        if event is None or not of_case or (own and not _answers(said, event)):
            faults.append(Fault("replies", f"{said}: the log has {str(event)[:200]}"))
    owed = [name for name, event in events.items() if event["type"] in REPLIES]
    return faults + [Fault("replies", f"{n} lost: {str(events[n])[:200]}") for n in owed if n not in seen.first]


def _answers(said: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether a reply can be about this event of its case."""
    same = (event["case_id"], event["case_version"]) == (said["case_id"], said["case_version"])
    return same and said["kind"] in REPLIES.get(event["type"], {"progress"})


# -- servers that are not ours -----------------------------------------------------------------------------------------


def undelivered(source: str, lying: Lying, kept: Iterable[tuple[str, bytes]]) -> list[Fault]:
    """Where a source did not get the replies of the topic. `kept`: (id, body) of what its server did, in order."""
    owed: dict[str, tuple[dict[str, Any], bytes]] = {}
    newest: dict[str, str] = {}
    for (topic, _), entries in lying.items():
        for entry in entries if topic in ("replies", "deliveries") else ():
            said = json.loads(entry.value or b"{}")
            if topic == "replies" and said["source"] == source:
                owed.setdefault(said["id"], (said, entry.value or b""))
            elif topic == "deliveries" and said:
                newest[said["id"]] = said["state"]
    done: dict[str, None] = {}
    faults = []
    for name, body in kept:
        if name not in owed or owed[name][1] != body:
            faults.append(Fault("outside", f"{source} did {name} {body!r:.200}, the topic has {owed.get(name)}"))
        done.setdefault(name)
    faults += [Fault("outside", f"{source} {name} lost: never done there") for name in owed if name not in done]
    faults += [
        Fault("outside", f"{source} {name} is {newest.get(name)}, and was done")
        for name in done
        if newest.get(name) != "acknowledged"
    ]
    orders: list[dict[str, list[str]]] = []
    for names in (owed, done):
        orders.append(by_case := defaultdict(list))
        for name in names:
            if name in owed and name in done:
                by_case[owed[name][0]["case_id"]].append(name)
    wrong = [case for case, names in orders[0].items() if names != orders[1][case]]
    return faults + [Fault("outside", f"{source}: of {case} not in order {orders[1][case]}") for case in wrong]


class Offer(NamedTuple):
    """An offer to a squad, by the log."""

    id: str
    case: str
    squad: str
    standing: bool
    said: dict[str, set[str]]  # channel -> results


def offers(checker: Checker) -> dict[str, Offer]:
    """All of them, by the assignment's id."""
    found: dict[str, Offer] = {}
    now: dict[str, str] = {}  # case -> its offer
    about: dict[str, list[str]] = {}  # case -> squads and officers that it complains of
    for one in told(checker):
        event, kind = one.event, one.event["type"]
        case = event["case_id"]
        if kind in ("CaseRegistered", "CaseClassified"):
            about[case] = event.get("about", [])
        elif kind == "CaseTaken":
            about[case] = event["case"].get("about", [])
        if kind in OVER and case in now:
            gone = now.pop(case)
            found[gone] = found[gone]._replace(standing=False)
        elif kind == "AssignmentOffered" and event["squad"] not in about.get(case, []):
            now[case] = event["assignment_id"]
            found[now[case]] = Offer(now[case], case, event["squad"], True, defaultdict(set))
        elif kind == "OfferPushed" and event["assignment_id"] in found:
            found[event["assignment_id"]].said[event["channel"]].add(event["result"])
    return found


def unpushed(channel: str, checker: Checker, kept: Iterable[tuple[str, str]], *, waits: bool) -> list[Fault]:
    """Where a channel did not take the offers further. `kept`: (id, squad or "") of what its server did; `waits`: it
    had time for all that stand."""
    known, done = offers(checker), set()
    faults = []
    for name, squad in kept:
        done.add(name)
        if name not in known or squad not in ("", known[name].squad):
            faults.append(Fault("outside", f"{channel} did {name} for {squad}, the log has {known.get(name)}"))
    for offer in known.values():
        said = offer.said[channel]
        if "sent" in said and offer.id not in done:
            faults.append(Fault("outside", f"{channel}: {offer.id} was never done there, and is said to be sent"))
        elif waits and offer.standing and offer.id not in done and not said & {"skipped", "refused"}:
            faults.append(Fault("outside", f"{channel} {offer.id} lost: it stands, and was never done there"))
    return faults


# -- numbers -----------------------------------------------------------------------------------------------------------


def unlike_numbers(shown: str, checker: Checker) -> list[Fault]:
    """Where the exporter's text is not what a second program counts."""
    gauges = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(shown)
        for sample in family.samples
    }
    records = [checker.lying["desk-log", p][valid.offset].value or b"" for p, log in _logs(checker) for valid in log]
    last = max((json.loads(raw)["at"] for raw in records), default=0)
    if gauges.get(("paidan_target_watermark_timestamp_seconds",)) != last / 1000:
        shown_to = gauges.get(("paidan_target_watermark_timestamp_seconds",))
        return [Fault("numbers", f"up to {shown_to} s, the last record is of {last} ms")]
    recount = Recount(records)
    now = round(gauges["paidan_target_shown_timestamp_seconds",] * 1000)
    desks = {valid.said["desk"] for _, log in _logs(checker) for valid in log}
    right: dict[tuple[Any, ...], float] = {}
    for window, (first, end) in _windows(now).items():
        for stream in ("general", "simple", "nonpenalty", "all"):
            city = recount.share(first, end, stream)
            for part, value in zip(("num", "den"), city, strict=True):
                of = [
                    v
                    for (name, *labels), v in gauges.items()
                    if name == "paidan_target_cases"
                    and {("part", part), ("stream", stream), ("window", window)} <= {*labels}
                ]
                if sum(of) != value:
                    right[window, stream, part] = sum(of) - value
        for desk in desks:
            for part, value in zip(("num", "den"), recount.of_desk(desk, first, end), strict=True):
                labels = {"part": part, "stream": "all", "window": window, "desk": desk}
                there = gauges.get(("paidan_target_cases", *sorted(labels.items())))
                if there != value:
                    right[window, desk, part] = (there or 0) - value
    due = gauges["paidan_target_beside_cases", ("part", "due_open"), ("window", "today")]
    if due != recount.due_open(now):
        right["due_open",] = due - recount.due_open(now)
    return [Fault("numbers", f"{' '.join(which)}: {more:+.0f} from the recount") for which, more in right.items()]


def _windows(now: int) -> dict[str, tuple[int, int]]:
    first, end = day(now)
    here = dt.datetime.fromtimestamp(now / 1000, dt.timezone(dt.timedelta(hours=8)))
    year = (span(f"{here.year}-01")[0], span(f"{here.year + 1}-01")[0])
    return {"today": (first, end), "month": span(f"{here:%Y-%m}"), "year": year, "d30": (first - 29 * DAY, end)}


# -- console -----------------------------------------------------------------------------------------------------------


def unlike_boards(boards: Mapping[str, Iterable[dict[str, Any]]], checker: Checker) -> list[Fault]:
    """Where the rows that a gateway shows of a desk are not its open cases."""
    faults = []
    for _, log in _logs(checker):
        desk = log[-1].said["desk"]
        right, there = open_cases(log), {row["id"]: row["version"] for row in boards.get(desk, ())}
        if right != there:
            wrong = [
                (c, there.get(c), right.get(c)) for c in right.keys() | there.keys() if right.get(c) != there.get(c)
            ]
            faults.append(Fault("console", f"{desk}: (case, shown, right) {wrong[:5]}"))
    return faults
