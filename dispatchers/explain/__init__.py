"""Why a case is where it is 为什么: its events, told as a short text in Chinese or English (`paidan why`).

Nothing is decided or looked up again: what is told stands in the events, names are those of the version of the city
that decided (law 12), and ids where that is not at hand. Of the reporter nothing is known here, and nothing is told.

    head       number, matter, place, source, where it stands, and its limits with their colour
    course     each event by version: the sentence, then below it
               the steps of the decision, the candidates with figures and reasons, in whose name, the limits that it
               starts, and whose responsibility it is
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from dispatchers import events as e
from dispatchers.case import Case, Term
from dispatchers.city import City
from dispatchers.events import AnyEvent, Basis, Blame, Candidate, Step
from dispatchers.life import after, born, taken

from .sentences import EVENTS
from .voice import UNKNOWN, Lang, Voice, values_of
from .words import STEPS, Said

CHANGES = frozenset(e.CASE_EVENTS)
ROWS = frozenset({"power", "precedent", "ruling", "reply_unit"})  # steps that say by which row somebody is competent

TITLE = Said("案件 {no}（{id}）：{item}[ {title}]", "case {no} ({id}): {item}[, {title}]")
STANDS = Said(
    "截至 {now_at}（{zone}）：{status}[，在{squad} {team}][，在{unit}]；层级：{level}[；{emergency}]",
    "as of {now_at} ({zone}): {status}[, with {squad} {team}][, with {unit}]; level: {level}[; {emergency}]",
)
PLACE = Said("地点：{territory}[ {address}]", "place: {territory}[, {address}]")
SOURCE = Said(
    "来源：{source} {source_id}（{kind}），{received_at} 收到",
    "source: {source} {source_id} ({kind}), received {received_at}",
)
BY = Said("——{actor}", " (by {actor})")
COURSE = Said("经过：", "course:")
TERM = Said(
    "时限 {name}：{limit}，{due_at} 到期（{warn_at} 起黄）[，{colour}][；{guessed}]",
    "limit of {name}: {limit}, due {due_at} (yellow from {warn_at})[, {colour}][; {guessed}]",
)
PAUSED = Said("时限 {name}：{limit}，暂停，余 {span}", "limit of {name}: {limit}, paused, {span} left")
CANDIDATE = Said(
    "候选 {squad} {team}：在岗 {pairs} 对，在办 {load}[，{metres} 米]——{verdict}",
    "candidate {squad} {team}: {pairs} pairs on duty, open load {load}[, {metres} m]: {verdict}",
)
CHOSEN = Said("选中", "chosen")
BASIS = Said(
    "以{acting_name}名义[，条：{line_superior}][，块：{block_superior}]",
    "in the name of {acting_name}[, line 条: {line_superior}][, block 块: {block_superior}]",
)
TASK = Said("任务：{task}", "task: {task}")
REASON = Said("理由：{reason}", "the reason: {reason}")
BLAME = Said("责任：{responsibility}（{blamed}）", "answers for it: {responsibility} ({blamed})")
CLAIM = Said("自称时间 {happened_at} 可疑（{odd_claim}）", "the claimed time {happened_at} is odd ({odd_claim})")
GAP = Said("（缺第 {first} 至 {last} 版的事件）", "(the events of versions {first} to {last} are missing)")
UNSURE = Said(
    "（以上止于第 {version} 版，其后有事件缺失，现状不明）",
    "(the above is of version {version}: events after it are missing, so how it stands is not known)",
)
NO_CITY = Said(
    "（裁定时的城市数据不在手边，以编号代替名称）", "(the city's data of that time is not at hand: ids stand for names)"
)


class Told(NamedTuple):
    """One event of the case: when, by which desk, and by which version of the city (None: not at hand)."""

    at: int
    desk: str
    event: AnyEvent
    city: City | None = None


class Line(NamedTuple):
    """One event in words: the sentence (with by whom), and what stands below it."""

    told: Told
    text: str
    below: tuple[str, ...]


def in_order(told: Iterable[Told]) -> list[Told]:
    """The events of one case from the logs of several desks, as they followed: by version, and what changed the case
    before what only speaks of that version (law 5). Those of one desk must be in its order."""
    about = (one for one in told if isinstance(one.event, e.CaseEvent))
    return sorted(about, key=lambda one: (getattr(one.event, "case_version", 0), type(one.event) not in CHANGES))


def explain(told: Sequence[Told], now: int, lang: Lang = "zh") -> str:
    """The text about one case, whose events are `in_order`; `now` is the instant as of which limits have a colour."""
    zone = _zone(told)
    cases = _folded(told)
    case = next((c for c in reversed(cases) if c), None)
    lines = list(_head(case, told, now, Voice(lang, told[-1].city, zone))) if case else []
    if case and cases[-1] is None:
        lines.append(Voice(lang, None, zone).tell(UNSURE, {"version": case.version}))
    lines.append(Voice(lang, None, zone).pick(COURSE))
    version = 0
    for one, known in zip(told, cases, strict=True):
        voice = Voice(lang, one.city, zone)
        if type(one.event) in CHANGES:
            lines += _gap(version, one.event, voice)
            version = getattr(one.event, "case_version", 0)
        lines += _event(one, known, voice)
    if any(one.city is None for one in told):
        lines.append(Voice(lang, None, zone).pick(NO_CITY))
    return "\n".join(lines)


def course(told: Sequence[Told], lang: Lang = "zh") -> list[Line]:
    """The events of one case, `in_order`, each in words: the story that a screen shows line by line."""
    zone = _zone(told)
    lines = []
    for one, known in zip(told, _folded(told), strict=True):
        voice = Voice(lang, one.city, zone)
        lines.append(Line(one, _sentence(one, voice), tuple(_below(one.event, known, voice))))
    return lines


def _zone(told: Sequence[Told]) -> dt.timezone:
    city = next((one.city for one in told if one.city), None)
    return dt.timezone(dt.timedelta(minutes=city.facts.utc_offset_minutes)) if city else dt.UTC


def _folded(told: Sequence[Told]) -> list[Case | None]:
    """The case after each event; None while its beginning, or what lies between, is missing."""
    case: Case | None = None
    cases = []
    for at, _, event, _ in told:
        if isinstance(event, e.CaseRegistered):
            case = born(event, at)
        elif isinstance(event, e.CaseTaken):
            case = taken(event)
        elif isinstance(event, e.CaseEvent) and type(event) in CHANGES and case:
            case = after(case, event, at) if event.case_version == case.version + 1 else None
        cases.append(case)
    return cases


def _head(case: Case, told: Sequence[Told], now: int, voice: Voice) -> Iterator[str]:
    held = case.assignment
    values: dict[str, Any] = {name: getattr(case, name) for name in case.__struct_fields__}
    none = {"squad": "", "team": "", "unit": ""}
    values |= {"squad": held.squad, "team": held.team, "unit": held.unit} if held else none
    values |= {"now_at": now, "zone": str(_zone(told)), "territory": case.territory or voice.pick(UNKNOWN)}
    for said in (TITLE, STANDS, PLACE, SOURCE):
        yield voice.tell(said, values)
    for term in case.terms:
        yield _term(term, voice, now)


def _gap(version: int, event: AnyEvent, voice: Voice) -> list[str]:
    """That versions are missing before this one."""
    first, last = version + 1, getattr(event, "case_version", 0) - 1
    return [voice.tell(GAP, {"first": first, "last": last})] if first <= last else []


def _event(one: Told, case: Case | None, voice: Voice) -> Iterator[str]:
    """The sentence of an event with when and where, and what stands below it."""
    yield f"{voice.instant(one.at)} {voice.value('desk', one.desk)} {_sentence(one, voice)}"
    for line in _below(one.event, case, voice):
        yield f"    {line}"


def _sentence(one: Told, voice: Voice) -> str:
    kind, values = type(one.event).__name__, values_of(one.event)
    by = voice.tell(BY, values) if values.get("actor") else ""
    return voice.tell(EVENTS[kind], values, kind) + by


def _below(event: AnyEvent, case: Case | None, voice: Voice) -> Iterator[str]:
    values = values_of(event)
    for step in steps_of(event):
        yield _step(step, event, case, voice)
    for candidate in values.get("candidates", ()):
        yield _candidate(candidate, voice)
    if isinstance(basis := values.get("basis"), Basis):
        yield from _basis(basis, voice)
    for term in (*values.get("terms", ()), *([values["term"]] if "term" in values else [])):
        yield _term(term, voice)
    if isinstance(blame := values.get("blame"), Blame):
        yield voice.tell(BLAME, {"responsibility": blame.responsibility, "blamed": blame.unit})
    if values.get("odd_claim"):
        yield voice.tell(CLAIM, values)


def steps_of(event: AnyEvent) -> tuple[Step, ...]:
    """The steps of a decision, with those that stand in other fields of the event: the duty; for an operator's own
    assignment, the row and the step of the ladder."""
    steps: tuple[Step, ...] = getattr(event, "steps", ())
    rules = {step.rule for step in steps}
    if isinstance(event, e.CaseRegistered | e.CaseClassified) and event.duty:
        return (*steps, Step(rule="duty", detail=event.duty))
    basis = getattr(event, "basis", None)
    if not isinstance(basis, Basis):
        return steps
    row = () if rules & ROWS or not basis.power else (_row(basis),)
    ladder = () if "step" in rules else (Step(rule="step", detail=basis.step),)
    last = tuple(step for step in steps if step.rule == "rollout")
    return (*row, *(step for step in steps if step.rule != "rollout"), *ladder, *last)


def _row(basis: Basis) -> Step:
    """By which row an operator's own assignment is lawful: of the list, a ruling's, or that of who answers."""
    whose, _, what = basis.power.partition(":")
    if whose == "replies":
        return Step(rule="reply_unit", row=what)
    if what and what == basis.law:  # the id of a ruling: the desk and its document
        return Step(rule="ruling", row=basis.power, detail=basis.law)
    return Step(rule="power", row=basis.power)


def _step(step: Step, event: AnyEvent, case: Case | None, voice: Voice) -> str:
    """A step in words; its `row` and `detail` are what the rule needs them to be."""
    basis = getattr(event, "basis", None)
    list_in_force = case.power_list if case else ""
    state, _, when = step.detail.partition(" ")
    values = {
        "row": step.row,
        "detail": step.detail,
        "power_list": basis.power_list if isinstance(basis, Basis) else list_in_force,
        "law": basis.law if isinstance(basis, Basis) else "",
        "territory": step.detail if step.rule == "ready" else step.row,
        "doubt": step.detail,
        "item": step.row,
        "kind": step.row,
        "origin": step.row,
        "duty": step.detail,
        "unit_kind": step.detail,
        "owner": step.detail,
        "state": state,
        "when": when,
        "level": step.detail,
        "step": step.detail,
        "mode": step.detail,
    }
    return voice.tell(STEPS[step.rule], values)


def _candidate(candidate: Candidate, voice: Voice) -> str:
    verdict = voice.value("lost", candidate.lost, "Candidate") or voice.pick(CHOSEN)
    return voice.tell(CANDIDATE, {**values_of(candidate), "verdict": verdict})


def _basis(basis: Basis, voice: Voice) -> Iterator[str]:
    values = values_of(basis)
    for said, wanted in ((BASIS, basis.acting_name), (TASK, basis.task), (REASON, basis.reason)):
        if wanted:
            yield voice.tell(said, values, "Basis")


def _term(term: Term, voice: Voice, now: int = 0) -> str:
    """A limit; as of an instant, with its colour."""
    values = {**values_of(term), "span": voice.left(term.left), "colour": term.colour(now) if now else ""}
    return voice.tell(TERM if term.due_at else PAUSED, values)
