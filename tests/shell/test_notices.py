"""What squads and units are told of their cases: who, of what, and who must never be. On the real rules, in memory."""

from msgspec.structs import replace

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case, Request
from dispatchers.record import decode_record
from dispatchers.writer import DESK, Writer
from streams import metrics
from streams.notices import Notice, notices
from streams.reader import Fold, Position, Step
from tests.support import CHIEF, COORDINATION, OPERATOR, SUPERVISOR, Town, place
from tests.support_log import logs


class Collecting:
    """A watcher that keeps every notice."""

    def __init__(self, desk: str) -> None:
        self.desk = desk
        self.told: list[Notice] = []

    def see(self, step: Step) -> None:
        self.told += notices(step, self.desk)

    def passed(self, position: Position) -> None:
        pass


def told_by(desk: str, raws: list[bytes]) -> list[Notice]:
    """Everything that a desk's log tells anybody."""
    collecting = Collecting(desk)
    fold = Fold(Writer(desk, DESK), 0, [collecting])
    for offset, raw in enumerate(raws):
        fold.take(offset, raw)
    return collecting.told


def told(town: Town, desk: str, kind: str) -> list[dict[str, str]]:
    """What the desk told of a kind, with the stream's last word beside the fields."""
    raws = [s.raw for s in town.stored if s.topic == "desk-log" and decode_record(s.raw).desk == desk]
    return [{**n.fields, "stream": n.stream.split("}:")[1]} for n in told_by(desk, raws) if n.fields["kind"] == kind]


def one(town: Town, kind: str, desk: str = "jia") -> dict[str, str]:
    found = told(town, desk, kind)
    assert len(found) == 1, found
    return found[0]


def test_rescue_is_told_each_in_its_own_stream() -> None:
    """An emergency: every rescue unit gets the request, with the case, the place and when to sign for it."""
    town = Town()
    case = town.file("1", "gasleak")
    asked = told(town, "jia", "request")
    assert {row["stream"] for row in asked} == {"orders:DI-gas", "orders:DI-fire"}
    for row in asked:
        assert (row["request"], row["case_id"], row["lon"]) == ("rescue", case, "120.05")
        assert int(row["due_at"]) > town.now


def test_a_copy_notice_reaches_the_squad_and_is_no_assignment() -> None:
    """抄告: an entry with the request's id and task, and no assignment that anybody could accept."""
    town = Town()
    case = town.file("1", "lamp")
    town.order(m.AskOffice, case, kind="copy_notice", squad="A2", task="for your files")
    entry = one(town, "request")
    assert (entry["stream"], entry["request"], entry["task"]) == ("offers:A2", "copy_notice", "for your files")
    assert entry["request_id"] == town.case(case).requests[-1].id
    assert "assignment_id" not in entry


def test_a_refused_return_is_told_to_who_keeps_the_case() -> None:
    """The squad hears that the case stays, why, and until when it must answer after all."""
    town = Town()
    case = town.file("1")
    town.order(m.ReturnAssignment, case, reason="not_our_power", basis="art. 9")
    town.order(m.ReviewReturn, case, outcome="refused", reason="it is yours")
    entry = one(town, "kept")
    held = town.case(case).assignment
    assert held
    assert (entry["stream"], entry["reason"]) == ("offers:A1", "it is yours")
    assert (entry["assignment_id"], entry["due_at"]) == (held.id, str(held.due_at))


def test_an_urge_and_a_supervision_reach_who_has_the_case_and_nobody_afterwards() -> None:
    """催办 and 督办 are told while somebody works on it; once it is disposed of, its holder can do no more."""
    town = Town()
    case = town.file("1", "bulky")
    town.order(m.UrgeCase, case, actor=OPERATOR, note="the caller asks")
    town.order(m.SuperviseCase, case, actor=SUPERVISOR, document="D-7", limit="2 hours")
    assert (one(town, "urged")["stream"], one(town, "urged")["reason"]) == ("orders:DI-clean", "the caller asks")
    entry = one(town, "supervised")
    term = town.case(case).term("supervise")
    assert term
    assert (entry["reason"], entry["supervised_at"]) == ("D-7", str(term.due_at))
    town.work(case, until="unit_working")
    town.order(m.ReportDisposal, case, result="served")
    town.order(m.UrgeCase, case, actor=OPERATOR, note="again")
    assert len(told(town, "jia", "urged")) == 1


def test_a_dispute_moves_the_case_to_its_interim_owner() -> None:
    """Who first had it gets it back until the ruling; who has it now is told that it is gone, and again at the end."""
    town = Town()
    case = town.file("1")
    town.order(m.AssignCase, case, squad="A2", reason="nearer")
    town.order(m.OpenDispute, case, reason="both deny")
    interim = one(town, "interim")
    assert interim["stream"] == "offers:A1"
    assert [row["stream"] for row in told(town, "jia", "withdrawn")] == ["offers:A1", "offers:A2"]
    town.order(m.RuleDispute, case, actor=COORDINATION, document="R-1", squad="A2", reason="the place is theirs")
    lost = told(town, "jia", "withdrawn")[-1]
    assert (lost["stream"], lost["assignment_id"]) == ("offers:A1", interim["assignment_id"])
    assert told(town, "jia", "offer")[-1]["stream"] == "offers:A2"


def test_who_had_a_case_that_ends_is_told() -> None:
    """作废 by the chief while a squad is on its way: it need not go."""
    town = Town()
    case = town.file("1")
    town.order(m.AcceptAssignment, case)
    town.order(m.CancelCase, case, actor=CHIEF, outcome="cancelled", reason="filed by mistake")
    assert (one(town, "withdrawn")["stream"], one(town, "withdrawn")["reason"]) == ("offers:A1", "filed by mistake")


def test_a_longer_limit_is_told() -> None:
    """延期: the holder hears of its new limit."""
    town = Town()
    case = town.file("1")
    for order in (m.AcceptAssignment, m.ReportArrival):
        town.order(order, case)
    before = town.case(case).due_at
    town.order(m.RequestExtension, case, reason="rain")
    town.order(m.ReviewRelaxation, case, approved=True)
    town.order(m.ReviewRelaxation, case, approved=True, actor=CHIEF)
    entry = one(town, "limit")
    assert int(entry["limit_at"]) == town.case(case).due_at > before


def test_nobody_is_told_of_a_complaint_about_themselves() -> None:
    """A complaint about officers of a squad is in no entry of that squad's stream, whatever is done with it, and also
    not when a desk that knows no better asks it for help."""
    town = Town()
    case = town.file("1", "conduct", place("990101"), facts={"about": "A1-001"})
    desk = town.where(case)
    assert town.case(case).about
    town.order(m.UrgeCase, case, actor=OPERATOR, note="soon")
    entries = [n for d in town.memory.desks for n in told_by(d, town.memory.desks[d].records)]
    assert any(n.fields["case_id"] == case for n in entries)
    assert not [n for n in entries if n.stream.endswith("offers:A1")]
    raws = town.memory.desks[desk].records
    step = _with_squad_asked(desk, raws, case)
    assert list(notices(step, desk)) == []
    assert list(notices(step._replace(after=_without_about(step)), desk))


def _with_squad_asked(desk: str, raws: list[bytes], case_id: str) -> Step:
    """A request for support to the very squad that the case is about, as no rule of ours would make it."""
    fold = Fold(Writer(desk, DESK), 0)
    for offset, raw in enumerate(raws):
        fold.take(offset, raw)
    case = fold.desk.cases[case_id]
    request = Request(id="r", kind="support", squad=case.about[-1], made_at=1, receipt_due=2)
    event = e.RequestMade(case_id=case.id, case_version=case.version + 1, request=request)
    return Step(0, 0, 1, event, case, replace(case, requests=(request,)))


def _without_about(step: Step) -> Case:
    assert step.after
    return replace(step.after, about=())


def test_every_entry_is_once_in_its_stream_and_of_a_known_kind() -> None:
    """An id is (offset, index): two entries of one event would be one to Redis, if they lay in one stream."""
    every = [n for desk, raws in logs().items() for n in told_by(desk, raws)]
    assert len({(n.stream, n.id) for n in told_by("jia", logs()["jia"])}) == len(told_by("jia", logs()["jia"]))
    kinds = {n.fields["kind"] for n in every}
    assert {"offer", "work_order", "withdrawn", "rework", "request", "kept", "urged", "supervised"} <= kinds
    assert kinds <= set(metrics.PUSHED)
