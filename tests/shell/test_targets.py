"""The exporter of the official numbers, on logs in memory (`test_tell.py` runs it as a process)."""

from pathlib import Path

import msgspec
import pytest

from dispatchers.events import CaseClosed, CaseReopened
from dispatchers.record import decode_record
from dispatchers.targets import WINDOWS, Share
from streams import metrics
from streams.cli import app
from streams.clock import Clock, Segment
from streams.gateway.numbers import Numbers
from streams.recovery import LogDamagedError
from streams.targets import Exporter
from tests.support_log import MONDAY, Record, logs, small, with_void

TODAY = Clock([Segment(wall=0, business=MONDAY + 3_600_000, speed=1.0, wall_end=0)])


def closings() -> Share:
    """What the closings of all logs make, counted by hand: each case by the last word about it."""
    said = [e for raws in logs().values() for raw in raws for e in decode_record(raw).events]
    words = [e for e in said if isinstance(e, CaseClosed | CaseReopened)]
    last = {e.case_id: e for e in sorted(words, key=lambda e: e.case_version)}
    counted = [e for e in last.values() if isinstance(e, CaseClosed) and e.countable]
    return Share(sum(e.tier in ("town_squad", "zone_squad") for e in counted), len(counted))


def exported(change: object = list) -> Exporter:
    exporter = Exporter(small().pack, TODAY)
    for desk, raws in logs().items():
        for offset, raw in enumerate(change(raws)):  # type: ignore[operator]
            exporter.take(Record(small().desks[desk].partition, offset, raw))  # type: ignore[arg-type]
    return exporter


def test_the_numbers_are_those_of_all_closings() -> None:
    """Folded from the logs of all desks, with and without a zombie's records, the share is the one counted by hand."""
    assert closings().den > 5
    assert closings() == exported().targets.ever()
    assert closings() == exported(with_void).targets.ever()


def test_what_was_reopened_counts_no_more() -> None:
    """The logs have closings that were taken back, and the numbers are without them."""
    said = [e for raws in logs().values() for raw in raws for e in decode_record(raw).events]
    counted = [e for e in said if isinstance(e, CaseClosed) and e.countable]
    assert any(isinstance(e, CaseReopened) and e.countable for e in said)
    assert closings().den < len(counted)


def test_a_zombies_closings_do_not_count() -> None:
    """A void record that closes a case changes nothing."""
    raws = logs()["yi"]
    last = next(r for r in reversed(raws) if b'"CaseClosed"' in r)
    exporter = exported()
    exporter.take(Record(small().desks["yi"].partition, len(raws), last))  # type: ignore[arg-type]
    assert closings() == exporter.targets.ever()


def test_gauges_hold_numerator_and_denominator() -> None:
    """Every label set there is is set, those without a case to 0; summed over desks they are the city's share."""
    metrics.DESKS.declare(small().desks)
    metrics.target_cases.zero()
    exporter = exported()
    exporter.show()
    shares = exporter.targets.shares(MONDAY + 3_600_000)
    for part, stream, window, desk in metrics.target_cases.series():
        share = shares.get((window, stream, desk), Share())
        assert getattr(share, part) == metrics.target_cases.of(part, stream, window, desk)._value.get()


def value(family: metrics.Family, *labels: str) -> float:
    found: float = family.of(*labels)._value.get()
    return found


def test_what_stands_beside_the_number_is_told_too() -> None:
    """Scopes, streams and asides add up, overdue cases are the fold's, R2 and R3 are the pack's."""
    exporter = exported()
    exporter.show()
    now = exporter._clock.now()
    total = exporter.targets.total(now, "month")
    assert value(metrics.target_beside, "towns", "month") <= total.num <= value(metrics.target_beside, "broad", "month")
    assert exporter.targets.due_open(now) == value(metrics.target_beside, "due_open", "month")
    parts = exporter.targets.parts("2026-07")
    assert [parts[sort] for sort in metrics.TARGET_ASIDES] == [
        value(metrics.target_asides, sort) for sort in metrics.TARGET_ASIDES
    ]
    assert parts["residual"] == 0 < parts["ended"]
    formal = sum(o.employment == "formal" for o in small().pack.officers)
    assert formal == value(metrics.target_force, "den", "attendance")
    assert value(metrics.target_support, "den", "vehicle") == 8
    assert value(metrics.target_uncomputable, "force") == value(metrics.target_uncomputable, "money") == 0


def test_the_past_is_no_traffic() -> None:
    """Pitfall 6: what is read of the log's past moves no counter, what comes live does; the gauges have both."""

    def counted() -> float:  # under "other" too: a process that has had many packs has no room for more desks
        return sum(sample.value for sample in metrics.tasks_closed.metric.collect()[0].samples)

    before, exporter = counted(), Exporter(small().pack, TODAY)
    assert value(metrics.replaying) == 1
    live = [desk for desk, raws in logs().items() if any(b'"CaseClosed"' in raw for raw in raws)]
    for desk in logs():
        if desk == live[0]:
            continue
        for offset, raw in enumerate(logs()[desk]):
            exporter.take(Record(small().desks[desk].partition, offset, raw))  # type: ignore[arg-type]
    assert counted() == before
    exporter.show()
    assert value(metrics.replaying) == 0
    for offset, raw in enumerate(logs()[live[0]]):
        exporter.take(Record(small().desks[live[0]].partition, offset, raw))  # type: ignore[arg-type]
    closed = [e for raw in logs()[live[0]] for e in decode_record(raw).events if isinstance(e, CaseClosed)]
    assert counted() - before == sum(e.countable for e in closed) > 0


def test_the_definition_in_force_is_told_by_its_version() -> None:
    """Pitfall 9: a change of the rules of counting is one series of its own, not a label of all."""
    exported().show()
    assert {
        name: value(metrics.definition_info, name)
        for name in metrics.DEFINITIONS
        if value(metrics.definition_info, name)
    } == {small().pack.definitions[0].version: 1}


@pytest.mark.parametrize("named", ["attendance", "posting"])
def test_the_headline_of_the_force_is_the_one_that_the_definition_names(named: str) -> None:
    """R2 by attendance and by posting documents are two numbers; a city says which is its own."""
    pack = small().pack
    definition, *rest = pack.definitions
    named_so = msgspec.structs.replace(definition, force=named)  # type: ignore[arg-type]
    # One whom the documents have in a town, and who serves in the county's squad.
    there = next(a for a in pack.attendance if a.officer == "A1-001")
    served = [a for a in pack.attendance if a is not there] + [msgspec.structs.replace(there, post="AM")]
    changed = msgspec.structs.replace(pack, definitions=(named_so, *rest), attendance=tuple(served))
    exporter = Exporter(changed, TODAY)
    exporter.show()
    both = {reading: value(metrics.target_force, "num", reading) for reading in ("attendance", "posting")}
    assert both["attendance"] != both["posting"]
    assert value(metrics.target_force, "num", "headline") == both[named]


def test_it_knows_how_far_the_inboxes_are_decided() -> None:
    """The lag of desk-inbox is measured from the last record's inbox offset."""
    decided = exported().decided
    for desk, raws in logs().items():
        assert decode_record(raws[-1]).inbox_offset + 1 == decided["desk-inbox", small().desks[desk].partition]


def test_a_hole_in_a_log_ends_it() -> None:
    """An official number is not computed from a log with a hole."""
    exporter = Exporter(small().pack, TODAY)
    exporter.take(Record(0, 0, logs()["jia"][0]))  # type: ignore[arg-type]
    with pytest.raises(LogDamagedError):
        exporter.take(Record(0, 2, logs()["jia"][2]))  # type: ignore[arg-type]


def test_the_cases_behind_the_number_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`paidan targets --at DATE --explain R1`: a line a case, which add up to what the sums say; R2, R3 beside."""
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"\n".join(raw for raws in logs().values() for raw in with_void(raws)) + b"\n")
    city = Path(__file__).parents[1] / "city/small"
    whole, days = closings(), {}
    for on in ("2026-07-13", "2026-07-14", "2026-07-31"):
        app(
            ["targets", "--at", on, "--explain", "R1", "--log", str(log), "--city", str(city)],
            result_action="return_value",
        )
        *listed, sums, _due, _beside, words = capsys.readouterr().out.splitlines()
        parts = [line.split("  ")[6] for line in listed]
        days[on] = Share(parts.count("num"), parts.count("num") + parts.count("den"))
        assert f"({days[on].num}/{days[on].den}) by the sums; residual 0/0" in sums
        assert "S-1" in words
    assert days["2026-07-13"].den <= days["2026-07-31"].den == whole.den
    assert days["2026-07-31"] == whole
    for number, word in (("R2", "R2 attendance 64.0 % (32/50)"), ("R3", "R3 money")):
        app(["targets", "--at", "2026-07-13", "--explain", number, "--city", str(city)], result_action="return_value")
        assert word in capsys.readouterr().out


def test_the_wall_shows_the_same_numbers() -> None:
    """All three with their parts, each desk's adding up to the city's, and by which definition they are counted."""
    shown = Numbers(small().pack, TODAY)
    for desk, raws in logs().items():
        for offset, raw in enumerate(raws):
            shown.take(Record(small().desks[desk].partition, offset, raw))  # type: ignore[arg-type]
    assert shown.figures is None
    shown.show()
    assert shown.figures
    tasks, force, support = (shown.figures[name] for name in ("tasks", "force", "support"))
    now = shown._clock.now()
    for window in WINDOWS:
        one, total = tasks[window], shown.targets.total(now, window)
        assert (one["numerator"], one["denominator"], one["met"]) == (*total, total.met)
        assert total == tuple(sum(d[part] for d in one["desks"].values()) for part in ("numerator", "denominator"))
        assert shown.targets.due(now, window).den == one["due"]["denominator"]
    assert ("2026-06", None) == (tasks["last_month"]["period"], tasks["last_month"]["text"])
    assert ("64.0 %", []) == (force["today"]["text"], force["today"]["why"])
    assert force["month"]["denominator"] == 13 * force["today"]["denominator"]  # person-days to the 13th
    assert support["year"]["denominator"] == sum(support["year"]["levels"].values())
    assert "本平台口徑，非官方考核 · 口径 S-1" in shown.note()["zh"]
