"""Why a case is where it is: no code without words in both languages, and stories that are told line by line."""

import ast
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from msgspec import NODEFAULT, inspect
from msgspec.structs import replace

import dispatchers
from dispatchers import events as e
from dispatchers import explain as explaining
from dispatchers import messages as m
from dispatchers.case import Assignment, Relaxation, Request, Status
from dispatchers.city import City
from dispatchers.events import Blame, Step
from dispatchers.explain import Told, explain, in_order, terms, words
from dispatchers.explain.sentences import EVENTS
from dispatchers.explain.voice import Lang, Voice
from dispatchers.explain.words import Said
from dispatchers.messages.words import Kind
from dispatchers.refusals import REFUSALS, Unable
from dispatchers.rows import CityPack, Duty, Level, RequestKind, Rollout, TransferState
from streams import city_files
from tests.support import BORDER_COLLECTOR, CHIEF, COORDINATION, PACK, at, changed, officers_of
from tests.support_scenarios import Story, added, refused

LANGS: tuple[Lang, ...] = get_args(Lang)
BESIDE = (e.OrderRefused, e.OrderRepeated, e.OrderForwarded, e.OrderParked, e.OrderUnparked)
TOLD = (*e.CASE_EVENTS, *BESIDE)
HAN = re.compile(r"[\u4e00-\u9fff]")
SLOT = re.compile(r"\{(\w+)\}")


# -- what the rules can write into events, read from their source ------------------------------------------------------

SOURCE = {
    str(file): ast.parse(file.read_text())
    for file in sorted(Path(dispatchers.__file__).parent.rglob("*.py"))
    if not file.stem.startswith("explain") and file.parent.name != "targets"  # which counts, and writes none
}


class Place(NamedTuple):
    """Where an expression stands: in which module, and in which function of it."""

    module: str
    function: ast.FunctionDef | None


Found = Iterator[tuple[ast.AST | None, Place]]


def _inside(node: ast.AST, place: Place) -> Iterator[tuple[ast.AST, Place]]:
    for child in ast.iter_child_nodes(node):
        yield child, place
        yield from _inside(child, Place(place.module, child) if isinstance(child, ast.FunctionDef) else place)


@cache
def everything() -> list[tuple[ast.AST, Place]]:
    return [found for module, tree in SOURCE.items() for found in _inside(tree, Place(module, None))]


@cache
def calls() -> dict[str, list[tuple[ast.Call, Place]]]:
    """All calls in the rules, by the last name of what is called."""
    found = defaultdict(list)
    for node, place in everything():
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            found[name].append((node, place))
    return found


@cache
def tuples() -> dict[str, list[str]]:
    """The fields of every NamedTuple of the rules, in their order."""
    kinds = [n for n, _ in everything() if isinstance(n, ast.ClassDef) and "NamedTuple" in map(_name, n.bases)]
    return {kind.name: [_name(s.target) for s in kind.body if isinstance(s, ast.AnnAssign)] for kind in kinds}


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def given(name: str, field: str, order: list[str]) -> Found:
    """What the calls of something give for a parameter; `order`: of those that may be given by place."""
    for call, place in calls()[name]:
        named = [k.value for k in call.keywords if k.arg == field]
        number = order.index(field) if field in order else len(call.args)
        yield from ((value, place) for value in named or call.args[number : number + 1])


def texts(expr: ast.AST | None, place: Place, seen: frozenset[str] = frozenset()) -> set[str]:
    """The texts that an expression may be, followed through variables, parameters, returned values, tables and tuples.
    Of a text that is put together only its beginning; what stands in somebody's message is not followed."""
    here = f"{place.module} {place.function and place.function.name} {expr and ast.dump(expr)}"
    if here in seen:
        return set()
    parts: Iterable[tuple[ast.AST | None, Place]] = ()
    match expr:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return {text} - {""}
        case ast.IfExp():
            parts = [(expr.body, place), (expr.orelse, place)]
        case ast.BoolOp():
            parts = [(value, place) for value in expr.values]
        case ast.Subscript(value=ast.Name(id=name)):
            parts = _table(name, place)
        case ast.Call(func=ast.Name(id=name)):
            parts = ((node.value, where) for node, where in _of(name, place.module) if isinstance(node, ast.Return))
        case ast.Attribute(attr=name):
            parts = _of_tuples(name)
        case ast.Name(id=name) if place.function:
            parts = [*_assigned(name, place), *_passed(name, place)]
    return {text for part, where in parts for text in texts(part, where, seen | {here})}


def _of(function: str, module: str) -> Iterator[tuple[ast.AST, Place]]:
    """What stands in a function of a module."""
    return (x for x in everything() if x[1].module == module and x[1].function and x[1].function.name == function)


def _table(name: str, place: Place) -> Found:
    for node in SOURCE[place.module].body:
        if isinstance(node, ast.Assign) and name in map(_name, node.targets) and isinstance(node.value, ast.Dict):
            yield from ((value, place) for value in node.value.values)


def _of_tuples(field: str) -> Found:
    for kind, order in tuples().items():
        if field in order:
            yield from given(kind, field, order)
            yield from given("_replace", field, [])


def _assigned(name: str, place: Place) -> Found:
    """What a variable is given in its function, also by a loop over what another function of the module yields."""
    assert place.function
    for node in ast.walk(place.function):
        match node:
            case ast.Assign(targets=targets) if name in map(_name, targets):
                yield node.value, place
            case ast.AnnAssign(target=ast.Name(id=target)) | ast.NamedExpr(target=ast.Name(id=target)):
                if target == name:
                    yield node.value, place
            case ast.For(target=ast.Tuple(elts=elts), iter=ast.Call(func=ast.Name(id=maker))):
                if name in map(_name, elts):
                    number = [*map(_name, elts)].index(name)
                    for made, where in _of(maker, place.module):
                        if isinstance(made, ast.Yield) and isinstance(made.value, ast.Tuple):
                            yield made.value.elts[number], where


def _passed(name: str, place: Place) -> Found:
    """What the callers of a function give for its parameter."""
    assert place.function
    function, args = place.function.name, place.function.args
    order = [a.arg for a in args.args]
    if name in (*order, *(a.arg for a in args.kwonlyargs)):
        for value, where in given(function, name, order):
            if where.module == place.module or not function.startswith("_"):
                yield value, where


@cache
def written(kind: str, field: str) -> frozenset[str]:
    """What the rules themselves write into a field of an event, or of what stands in one."""
    found = given(kind, field, tuples().get(kind, []))
    return frozenset(text for value, place in found for text in texts(value, place))


# -- completeness ------------------------------------------------------------------------------------------------------


def slots(text: str) -> set[str]:
    return set(SLOT.findall(text))


def bound(text: str) -> set[str]:
    """The slots of a sentence that are told whatever stands in them."""
    while (less := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = less
    return slots(text)


def fields(kind: type[Any]) -> dict[str, inspect.Field]:
    """What the sentence of an event may speak of: its fields, and those of what it carries."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    carried = [f.type for f in info.fields if f.name in ("request", "relaxation", "proposal", "interim")]
    assert all(isinstance(x, inspect.StructType) and x.cls in (Assignment, Relaxation, Request) for x in carried)
    return {f.name: f for x in (*carried, info) for f in x.fields}  # type: ignore[attr-defined]


def assert_worded(field: str, code: str, of: str = "") -> None:
    """Chinese words for a code, and English ones that look like no code."""
    zh, en = (Voice(lang, None, dt.UTC).value(field, code, of) for lang in LANGS)
    assert HAN.search(zh), (of, field, code, zh)
    assert en, (of, field, code)
    assert not re.search(r"_|[\u4e00-\u9fff]", en), (of, field, code, en)


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: kind.__name__)
def test_an_event_has_a_sentence_that_speaks_of_nothing_else(kind: type[e.CaseEvent]) -> None:
    """Each event about a case has a sentence in both languages, with the same slots; each is a field of it or of what
    it carries, and what may be empty in it stands in brackets, so that nobody reads "to be closed by ."."""
    said, known = EVENTS[kind.__name__], fields(kind)
    assert slots(said.zh) == slots(said.en)
    assert slots(said.zh) <= known.keys()
    for text in said:
        empty = {s for s in bound(text) if known[s].default not in (NODEFAULT, True, False)}
        assert empty == set(), text


def test_no_sentence_is_of_no_event() -> None:
    """There is a sentence for each event about a case, for each order that changed nothing, and for nothing else."""
    about = {kind for kind in get_args(e.AnyEvent) if issubclass(kind, e.CaseEvent)}
    assert set(TOLD) == about
    assert EVENTS.keys() == {kind.__name__ for kind in TOLD}


def test_both_languages_say_the_same() -> None:
    """Every word and sentence there is has both languages, each in its own letters, with the same slots."""
    tables = [table for module in (words, terms) for table in vars(module).values() if isinstance(table, dict)]
    found = [said for table in tables for said in table.values() if isinstance(said, Said)]
    found += [*EVENTS.values(), *(said for said in vars(explaining).values() if isinstance(said, Said))]
    assert len(found) > 300
    for said in found:
        assert HAN.search(said.zh) or not re.search("[a-z]", SLOT.sub("", said.zh)), said  # or nothing but slots
        assert not HAN.search(said.en.replace("条", "").replace("块", "")), (
            said
        )  # the two superiors have no English name
        assert said.en, said
        assert (slots(said.zh), bound(said.zh)) == (slots(said.en), bound(said.en)), said


def literals(kind: type[Any], field: str) -> set[str]:
    """The words that a field may hold by its type; those of the rules' own structs."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    (found,) = (f.type for f in info.fields if f.name == field)
    assert isinstance(found, inspect.LiteralType), found
    return {str(value) for value in found.values if value}


def test_every_step_of_a_decision_has_a_sentence() -> None:
    """The rules by which a decision says that it was made are those that have a sentence, and nothing else has one; so
    it is with the steps of the ladder, the modes of the rollout, and where a fact is from."""
    assert written("Step", "rule") | {"duty"} == words.STEPS.keys()  # the duty is a field of its own
    assert written("Basis", "step") == words.LADDER.keys()
    assert literals(Rollout, "mode") == words.MODES.keys()
    assert written("Step", "row") & terms.ORIGINS.keys() == terms.ORIGINS.keys() == {"source", "category", "words"}


def test_every_reason_has_words() -> None:
    """Why an operator is needed, why anything else happened, on which cause, and what else the rules write into a
    reason: each has words in both languages, and no words are left of reasons that are no more."""
    assert written("CaseNeedsOperator", "reason") == words.OPERATOR.keys()
    by_the_rules = {
        (kind.__name__, field): written(kind.__name__, field)
        for kind in e.CASE_EVENTS
        for field in ("reason", "note", "cause", "detail")
        if (kind, field) != (e.CaseNeedsOperator, "reason")
    }
    assert by_the_rules["CaseHandedOver", "reason"] >= {"verified_there", "reserved", "ruling "}
    causes = literals(m.EscalateCase, "cause") | literals(m.ReopenCase, "cause")
    reasons = written("Basis", "reason").union(*by_the_rules.values(), literals(m.ReturnAssignment, "reason"))
    assert reasons - {"*"} | causes == words.REASONS.keys() | words.PREFIXES.keys()
    for reason in words.REASONS.keys() | words.PREFIXES.keys():
        assert_worded("reason", reason)


REFUSAL = [("OrderRefused", "reason", code) for code in REFUSALS]
LOST = [("Candidate", "lost", code) for code in {*get_args(Unable), *written("Candidate", "lost")}]


@pytest.mark.parametrize(("of", "field", "code"), sorted(REFUSAL + LOST))
def test_every_no_has_words(of: str, field: str, code: str) -> None:
    """Each reason to refuse an order, and each why a team lost, is worded in both languages."""
    assert_worded(field, code, of)


SINGLE = {
    "status": {str(status) for status in Status},
    "result": literals(m.ReportDisposal, "result"),
    "duty": set(get_args(Duty)),
    "kind": set(get_args(Kind)),
    "RequestMade.kind": set(get_args(RequestKind)),
    "RequestMade.role": literals(Request, "role"),
    "RequestMade.task": set(written("Ask", "task")),
    "RelaxationRequested.kind": literals(Relaxation, "kind"),
    "RelaxationRefused.kind": literals(Relaxation, "kind"),
    "RelaxationApproved.kind": literals(Relaxation, "kind"),
    "AssignmentProposed.mode": literals(e.AssignmentProposed, "mode"),
    "Basis.task": set(written("Basis", "task")),
    "CaseTransferred.to": set(written("CaseTransferred", "to")),
    "state": set(get_args(TransferState)),
    "level": set(get_args(Level)),
    "order": {kind.__name__ for kind in get_args(m.DeskOrder)} | written("OrderRefused", "order"),
    "authority": literals(m.AssignCase, "authority"),
    "cause": literals(m.EscalateCase, "cause") | literals(m.ReopenCase, "cause") | written("CaseEscalated", "cause"),
    "reason": literals(m.ReturnAssignment, "reason"),
    "outcome": literals(e.CaseClosed, "outcome") | literals(e.CaseCancelled, "outcome"),
    "stream": literals(e.CaseClosed, "stream"),
    "responsibility": literals(Blame, "responsibility"),
    "odd_claim": {"ahead", "behind"},
    "colour": {"green", "yellow", "red", "paused"},
}


@pytest.mark.parametrize("field", SINGLE)
def test_every_single_word_is_told(field: str) -> None:
    """Statuses, results, duties, orders, levels, kinds of requests and the like: nothing is told as its code."""
    assert SINGLE[field]
    of, _, name = field.rpartition(".")
    for code in SINGLE[field]:
        assert_worded(name, code, of)


@pytest.mark.parametrize("role", get_args(m.Role))
def test_every_role_is_told(role: m.Role) -> None:
    """Who acted is told by role and number, in both languages."""
    zh, en = (Voice(lang, None, dt.UTC).value("actor", m.Actor("n-7", role)) for lang in LANGS)
    assert HAN.search(zh)
    assert not HAN.search(en)
    assert (zh[-4:], en[-4:]) == (" n-7", " n-7")


def test_every_limit_is_named() -> None:
    """The limits and stages that the rules start or miss, and those that the two packs here have, have a name; so have
    the units in which they are counted."""
    packs = (PACK, city_files.load(Path(__file__).parents[2] / "deploy/jiaxing"))
    rows = [(row.name, row.limit) for pack in packs for row in pack.limits]
    names = written("Term", "name") | written("DeadlineMissed", "name") | {name for name, _ in rows}
    assert names >= {"dispose", "reply", "penalty_decision", "request", "stop"}
    for name in names:
        assert_worded("name", name)
    for unit in {limit.split(" ")[1] for _, limit in rows} | {"seconds", "minutes", "hours", "working_hours"}:
        assert_worded("limit", f"7 {unit}")


def test_every_flag_is_told() -> None:
    """What can only be so or not has words if it is so, and if it is not where the sentence needs them."""
    flags = {
        (kind, slot)
        for kind in TOLD
        for slot in slots(EVENTS[kind.__name__].zh)
        if isinstance(fields(kind)[slot].type, inspect.BoolType)
    }
    assert len(flags) > 8
    for kind, slot in flags:
        up, down = terms.FLAGS[slot]
        assert HAN.search(up.zh)
        assert down.zh or slot not in bound(EVENTS[kind.__name__].zh), (kind, slot)


def test_a_word_that_a_type_allows_is_told() -> None:
    """Whatever a sentence speaks of whose type is a choice of words: each word of the choice is told."""
    seen = 0
    for kind in TOLD:
        for slot in slots(EVENTS[kind.__name__].zh):
            choice = fields(kind)[slot].type
            for code in choice.values if isinstance(choice, inspect.LiteralType) else ():
                seen += 1
                if code:
                    assert_worded(slot, str(code), kind.__name__)
    assert seen > 15


def test_no_sentence_has_room_for_the_reporter() -> None:
    """No sentence speaks of who reported, of the mark of a caller, or of what is told at length, which may name
    somebody."""
    private = {"reporter_ref", "caller_tag", "description", "attachments", "evidence", "channel", "about"}
    sentences = [said for kind, said in EVENTS.items() if kind != "OfferPushed"]  # its channel is a way to a squad
    said = [*sentences, *(x for x in vars(explaining).values() if isinstance(x, Said)), *words.STEPS.values()]
    assert {slot for one in said for slot in slots(one.zh)} & private == set()


# -- told stories ------------------------------------------------------------------------------------------------------


class Strict(Voice):
    """A voice that is only told to say what it is given."""

    def tell(self, said: Said, values: Any, of: str = "") -> str:
        assert slots(self.pick(said)) <= values.keys(), (said, values)
        return super().tell(said, values, of)


@pytest.fixture(autouse=True)
def strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sentence of any story has a slot for which nothing is given."""
    monkeypatch.setattr(explaining, "Voice", Strict)


def events_of(story: Story, case: str, *cities: City) -> list[Told]:
    """The events of a case from all records; `cities`: the versions at hand."""
    known = {city.version: city for city in cities}
    found = ((r, x) for r in story.records for x in r.events if isinstance(x, e.CaseEvent) and x.case_id == case)
    return in_order(Told(r.at, r.desk, x, known.get(r.city)) for r, x in found)


def lines(story: Story, case: str, lang: Lang = "zh", when: str = "") -> list[str]:
    """The text about a case as of an instant, else of the last record, with the story's city at hand."""
    now = at(when) if when else max(r.at for r in story.records)
    return explain(events_of(story, case, story.decide.city), now, lang).split("\n")


def part(text: list[str], words_of_it: str) -> list[str]:
    """The last event whose sentence has these words, without its instant, and what stands below it."""
    start = max(n for n, line in enumerate(text) if words_of_it in line and not line.startswith(" "))
    end = next((n for n in range(start + 1, len(text)) if not text[n].startswith("    ")), len(text))
    return [text[start].split(" ", 2)[2], *(line.removeprefix("    ") for line in text[start + 1 : end])]


def two_superiors() -> CityPack:
    """The small city, whose first squad is under the city's bureau by line and under the county's by block."""
    return changed(PACK, "squads", {"id": "A1"}, line_superior="bureau-city", block_superior="bureau-jia")


TEAM_B = "一街道中队 一街道中队B组"


def offered() -> tuple[Story, str]:
    """A stall near a squad of which one team has another case, one is free and one sleeps."""
    story = Story(two_superiors())
    story.file("08:55", "1")
    place = {"datum": "wgs84", "lon": 120.06, "lat": 30.15, "address": "一街道 8 号"}
    return story, story.file("09:00", "2", "stall", title="占道摆摊", location=place)


def test_an_offer_in_chinese() -> None:
    """Given an offer; when it is asked why; then the text has number, matter, place, source, limits with their colour,
    the row and its list, the ladder's step, every team with its figures and why it lost, and in whose name it is."""
    story, case = offered()
    assert lines(story, case) == [
        f"案件 JA-20260713-0002（{case}）：占道经营 占道摆摊",
        "截至 2026-07-13 09:00（UTC+08:00）：已派单待接，在一街道中队 一街道中队B组；层级：镇",
        "地点：一街道 一街道 8 号",
        "来源：12345 2（投诉），2026-07-13 09:00 收到",
        "时限 答复来电人：7 个工作日，2026-07-22 09:00 到期（2026-07-20 15:48 起黄），绿",
        "时限 处置：4 个工作时，2026-07-13 15:00 到期（2026-07-13 14:12 起黄），绿",
        "经过：",
        "2026-07-13 09:00 甲县指挥席 立案 JA-20260713-0002",
        "    地点：点位在一街道之内",
        "    事项：占道经营（来源分类 item stall）",
        "    职责：行政处罚",
        "    时限 答复来电人：7 个工作日，2026-07-22 09:00 到期（2026-07-20 15:48 起黄）",
        "2026-07-13 09:00 甲县指挥席 派单给一街道中队 一街道中队B组（A1-004、A1-005），2026-07-13 09:15 前应答",
        "    职权：权责清单 S-1 第 P03 行（例法 art. 1），划转状态：已划转",
        "    层级：镇",
        "    派遣步骤：属地中队（单位）优先",
        "    候选 一街道中队 一街道中队B组：在岗 1 对，在办 0，963 米——选中",
        "    候选 一街道中队 一街道中队A组：在岗 1 对，在办 2，963 米——每对在办量更多",
        "    候选 一街道中队 一街道中队N组：在岗 0 对，在办 0，963 米——无人在岗",
        "    以甲县执法局名义，条：丁市执法局，块：甲县执法局",
        "    时限 处置：4 个工作时，2026-07-13 15:00 到期（2026-07-13 14:12 起黄）",
    ]


def test_an_offer_in_english() -> None:
    """Given the same offer; when it is asked for in English; then it is the same text line by line, with the items'
    English names and the city's own names of squads and places."""
    story, case = offered()
    assert lines(story, case, "en") == [
        f"case JA-20260713-0002 ({case}): Stall in the road, 占道摆摊",
        "as of 2026-07-13 09:00 (UTC+08:00): offered, with 一街道中队 一街道中队B组; level: town",
        "place: 一街道, 一街道 8 号",
        "source: 12345 2 (complaint), received 2026-07-13 09:00",
        "limit of reply to the caller: 7 working days, due 2026-07-22 09:00 (yellow from 2026-07-20 15:48), green",
        "limit of disposal: 4 working hours, due 2026-07-13 15:00 (yellow from 2026-07-13 14:12), green",
        "course:",
        "2026-07-13 09:00 甲县指挥席 registered as JA-20260713-0002",
        "    place: the point lies in 一街道",
        "    item: Stall in the road (category of the source: item stall)",
        "    duty: penalty",
        "    limit of reply to the caller: 7 working days, due 2026-07-22 09:00 (yellow from 2026-07-20 15:48)",
        f"2026-07-13 09:00 甲县指挥席 offered to {TEAM_B} (A1-004, A1-005), to be answered by 2026-07-13 09:15",
        "    competence: row P03 of power list S-1 (例法 art. 1), transfer: transferred",
        "    level: town",
        "    step of the ladder: the squad or unit at home first",
        "    candidate 一街道中队 一街道中队B组: 1 pairs on duty, open load 0, 963 m: chosen",
        "    candidate 一街道中队 一街道中队A组: 1 pairs on duty, open load 2, 963 m: more open work per pair",
        "    candidate 一街道中队 一街道中队N组: 0 pairs on duty, open load 0, 963 m: nobody is on duty",
        "    in the name of 甲县执法局, line 条: 丁市执法局, block 块: 甲县执法局",
        "    limit of disposal: 4 working hours, due 2026-07-13 15:00 (yellow from 2026-07-13 14:12)",
    ]


@pytest.mark.parametrize(
    ("when", "colour"), [("2026-07-13 14:11", "绿"), ("2026-07-13 14:12", "黄"), ("2026-07-13 15:01", "红")]
)
def test_a_limit_has_the_colour_of_the_instant(when: str, colour: str) -> None:
    """Given a limit due at 15:00 and yellow from 14:12; when it is looked at before, between and after; then it is
    green, yellow and red, and the instant stands in the head."""
    story, case = offered()
    text = lines(story, case, when=when)
    assert text[1].startswith(f"截至 {when}（UTC+08:00）")
    assert text[5] == f"时限 处置：4 个工作时，2026-07-13 15:00 到期（2026-07-13 14:12 起黄），{colour}"


def test_a_row_with_a_condition() -> None:
    """Given litter from a vehicle, which another row gives to the police; when it is asked why; then the fact, where it
    is from, the row and its condition are told, and no squad is named."""
    story = Story()
    case = story.file("09:00", "1", "litter", title="车窗抛物")
    text = lines(story, case)
    assert "    事实：actor=vehicle（据文字）" in text
    assert part(text, "工单")[:3] == [
        "甲县指挥席 工单给丁市公安局，2026-07-13 09:30 前签收",
        "职权：权责清单 S-1 第 P12 行（例法 art. 1），划转状态：未划转，适用条件：actor=vehicle",
        "派遣步骤：属地中队（单位）优先",
    ]


def disputed() -> tuple[Story, str, str]:
    """A matter that a department kicks back twice, the ruling about it, and a like case after that was approved."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    for when in ("09:05", "09:10"):
        story.tell(when, m.ReturnAssignment, case, reason="not_our_power", basis="处罚权已划转")
    ruling = {"document": "协裁1号", "reason": "they came first", "precedent": True}
    story.tell("10:00", m.RuleDispute, case, squad="A1", actor=COORDINATION, **ruling)
    approve = {"desk": "jia", "precedent": "jia:协裁1号"}
    assert refused(story.tell("10:01", m.ApprovePrecedent, at_desk="jia", actor=CHIEF, **approve)) == []
    like = story.file("10:02", "2", "safety", title="从未检查")
    assert refused(story.tell("10:03", m.AssignCase, case, squad="A2", reason="near")) == ["ruling_is_final"]
    assert refused(story.tell("10:04", m.AssignCase, like, squad="A1", team="A1-B", reason="again")) == []
    return story, case, like


def test_a_return_a_dispute_and_a_ruling() -> None:
    """Given a department that returns what is its own by the list; when it does so again; then the text names the row,
    what it cited, whose responsibility it is, the sides, the interim owner, the ruling with its document and basis,
    and the refusal of whoever would go on."""
    story, case, _ = disputed()
    text = lines(story, case)
    assert part(text, "退单不准") == [
        "甲县指挥席 退单不准：按清单正是其职责（清单 P14），所引依据 处罚权已划转——单位 JA-safety",
        "责任：部门责任（甲县应急局）",
    ]
    (dispute,) = part(text, "职责争议")
    assert dispute == (
        "甲县指挥席 职责争议：再次退单而无新依据，清单 P14，所引依据 处罚权已划转；各方 甲县应急局；"
        "裁定前由甲县应急局负责；2026-07-14 09:10 前裁定——单位 JA-safety"
    )
    assert part(text, "协调裁定 协裁1号：") == [
        "甲县指挥席 协调裁定 协裁1号：归一街道中队，they came first；终局；建议先例 jia:协裁1号——统筹协调机构 co-1"
    ]
    assert part(text, "派单给")[1:4] == [
        "职权：权责清单 S-1 第 P14 行（例法 art. 1），划转状态：未划转",
        "职权：协调裁定 协裁1号 指定一街道中队，终局",
        "派遣步骤：协调裁定指定",
    ]
    assert part(text, "拒绝") == [
        "甲县指挥席 拒绝“指派”：协调裁定为终局（当时已派单待接，在一街道中队B组）——派遣员 op-1"
    ]
    english = lines(story, case, "en")
    said, blame = part(english, "the return is refused")
    assert said.endswith("refused: by the list it is theirs (row P14), cited was 处罚权已划转 (by unit JA-safety)")
    assert blame == "answers for it: the department's responsibility (甲县应急局)"
    assert part(english, "refused to") == [
        "甲县指挥席 refused to assign: the ruling is final (it was: offered, with 一街道中队B组) (by operator op-1)"
    ]


def test_a_ruling_is_no_row_of_the_list() -> None:
    """Given a ruling that was approved for like cases; when one comes, by the rules and then by an operator's word;
    then both times the text names the ruling and its document, and no list."""
    story, _, like = disputed()
    offers = [line for line in lines(story, like) if "职权：" in line]
    assert offers == ["    职权：按本席已批准的裁定 jia:协裁1号（文号 协裁1号）"] * 2
    step, *_, name, reason = part(lines(story, like), "派单给")[2:]
    assert (step, reason) == ("派遣步骤：派遣员指派", "理由：again")
    assert name == "以甲县执法局名义，条：甲县执法局，块：甲县执法局"


def test_a_reply_is_nobodys_by_the_list() -> None:
    """Given a consult that an operator gives to the hotline again; when it is asked why; then it is answered by the
    unit of its kind, which is no row of the list."""
    story = Story()
    case = story.file("09:00", "1", "never_heard", kind="consult")
    story.tell("09:01", m.AssignCase, case, squad="", unit="DI-hotline", reason="again")
    assert [line.strip() for line in lines(story, case) if "职权：" in line] == [
        "职权：咨询由热线单位答复",
        "职权：咨询由单位答复",
    ]
    assert "    咨询只需答复，不作执法任务" in lines(story, case)


def test_a_return_that_was_right() -> None:
    """Given a squad that says it is not theirs; when the operator agrees; then the dispatch was wrong, the post answers
    for it, and the limit stands with what is left of it; nobody of the squad is asked again, and each says why."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.ReturnAssignment, case, reason="not_our_power", basis="art. 9")
    story.tell("09:10", m.ReviewReturn, case, outcome="approved", reason="so it is")
    text = lines(story, case)
    assert part(text, "申请退单") == [
        "甲县指挥席 申请退单：不属我方职权，依据 art. 9，2026-07-13 09:35 前审核——队员 A1-001"
    ]
    assert part(text, " 退单：") == [
        "甲县指挥席 退单：经审核确不属其职责，依据 art. 9，原派遣有误，2026-07-13 09:40 前重新派出——派遣员 op-1",
        "时限 处置：4 个工作时，暂停，余 3 小时 50 分",
        "责任：岗位责任（甲县指挥席）",
    ]
    asked = part(text, "须派遣员处理")
    assert asked[:2] == [
        "甲县指挥席 须派遣员处理：属地中队已退单，2026-07-13 09:40 前",
        "职权：权责清单 S-1 第 P03 行，划转状态：已划转",
    ]
    assert [line.split("——")[1] for line in asked[2:]] == ["此前已退单"] * 4


def test_reports_of_one_matter() -> None:
    """Given a fallen tree that its caller reports again, and another; when the parent is done; then each report's text
    says where it is, the parent's who joined, how many called and what was said now, and the child's who answered."""
    story = Story()
    phone = {"reporter": {"phone": "13800000001"}}
    parent = story.file("09:00", "1", "tree", **phone)
    same = story.file("09:05", "2", "tree", title="now it blocks the school", **phone)
    child = story.file("09:06", "3", "tree", reporter={"phone": "13800000002"})
    story.work(parent, "09:10", "09:30")
    story.finish(parent, "09:40", "lifted away")
    text = lines(story, parent)
    joined = [line.split(" ", 3)[3] for line in text if "并入本案" in line]
    assert joined == [
        f"{same} 并入本案，共 1 人反映，优先级 1；补充：now it blocks the school",
        f"{child} 并入本案，共 2 人反映，优先级 1",
    ]
    assert text[1] == "截至 2026-07-13 09:40（UTC+08:00）：已结案，在甲县市政单位；层级：镇"
    assert [line.split(" ", 2)[2] for line in lines(story, child) if line.startswith("2026")][1:] == [
        f"甲县指挥席 并入案件 {parent}：同一事项",
        "甲县指挥席 答复来电人：lifted away——派遣员 op-1",
        f"甲县指挥席 随主案结案：不计入三个百分之八十，按时，派遣准确；{parent}",
    ]
    assert part(lines(story, child, "en"), "merged into") == [f"甲县指挥席 merged into case {parent}: the same matter"]


def test_a_suspension() -> None:
    """Given a case that was suspended for a week; when it is looked at meanwhile and after; then its limit is paused
    with what is left of it, who asked, approved and granted it is told, and then it runs to a new instant."""
    story = Story()
    case = story.file("09:00", "1", "refuse")
    story.work(case, "09:05", "09:30")
    until = at("2026-07-20 12:00")
    story.tell("09:50", m.RequestSuspension, case, reason="waits for a crane", until=until)
    story.tell("10:00", m.ReviewRelaxation, case, approved=True)
    story.tell("10:00", m.ReviewRelaxation, case, approved=True, actor=CHIEF)
    text = lines(story, case)
    assert text[1].endswith("：挂账，在一街道中队 一街道中队A组；层级：镇")
    assert text[5] == "时限 处置：2 个工作日，暂停，余 15 小时 0 分"
    assert [line.split(" ", 3)[3] for line in text if "挂账" in line][1:] == [
        "申请挂账：waits for a crane，到 2026-07-20 12:00，2026-07-13 15:50 前审批——队员 A1-001",
        "挂账初审同意，2026-07-13 16:00 前由值班长审批——派遣员 op-1",
        "挂账到 2026-07-20 12:00：waits for a crane——值班长 ch-1",
    ]
    assert part(text, "挂账到")[1:] == ["时限 处置：2 个工作日，暂停，余 15 小时 0 分"]
    story.wait("2026-07-20 12:01")
    text = lines(story, case)
    assert part(text, "恢复办理") == [
        "甲县指挥席 恢复办理：挂账期满",
        "时限 处置：2 个工作日，2026-07-22 11:00 到期（2026-07-21 17:48 起黄）",
    ]
    english = lines(story, case, "en")
    assert part(english, "asks for")[0].startswith(
        "甲县指挥席 asks for suspension: waits for a crane, until 2026-07-20"
    )
    assert part(english, "suspended until")[1] == "limit of disposal: 2 working days, paused, 15 h 0 min left"


def test_an_emergency() -> None:
    """Given a smell of gas somewhere; when nobody signs or answers; then the text says that the place is unknown and
    what the words told, whom was asked for rescue, that the squad only cordons, and whose silence it was."""
    story = Story()
    unknown = {"scheme": "test", "code": "NEVER_HEARD"}
    case = story.file("09:00", "1", "", None, title="楼道里煤气味很大", category=unknown)
    story.wait("09:03")
    text = lines(story, case)
    assert text[1].endswith("；层级：镇；紧急")
    assert text[2] == "地点：不明"
    assert part(text, "立案")[:5] == [
        "丁市指挥席 立案 DI-20260713-0001，紧急",
        "地点：不明，归市指挥席，存疑：地点不明",
        "事项：燃气泄漏（来源分类 test NEVER_HEARD）",
        "事实：item=gasleak（据文字）",
        "职责：行政处罚",
    ]
    assert [line.split(" ", 3)[3] for line in text if "救援" in line] == [
        "请求丁市燃气公司救援：燃气，2026-07-13 09:02 前签收，2026-07-13 09:10 前回复",
        "请求丁市消防支队救援：消防，2026-07-13 09:02 前签收，2026-07-13 09:10 前回复",
    ]
    assert part(text, "超时") == [
        "丁市指挥席 超时：部门协同，应于 2026-07-13 09:02",
        "责任：部门责任（丁市消防支队）",
    ]
    assert part(text, "到时无人应答")[1] == "责任：执法责任（丁市直属中队）"
    assert part(text, "派单给")[3:] == [
        "派遣步骤：机动中队",
        "候选 丁市直属中队 丁市直属中队B组：在岗 1 对，在办 0——选中",  # no metres: nobody knows where it is
        "候选 丁市直属中队 丁市直属中队A组：在岗 1 对，在办 0——此前派单未应答",
        "以丁市执法局名义，条：丁市执法局，块：丁市执法局",
        "任务：只警戒，不主办",
    ]


def test_a_squad_that_helps_in_an_emergency() -> None:
    """Given an emergency that a department leads; when the squad at home is asked to cordon; then that is told in
    words, in both languages."""
    pack = changed(PACK, "powers", {"row": "P21"}, owner_kind="department", owner="应急")
    story = Story(pack)
    case = story.file("09:00", "1", "gasleak")
    told = "请求一街道中队支援：只警戒，不主办，协办，2026-07-13 09:30 前签收，2026-07-13 13:00 前回复"
    assert part(lines(story, case), "支援") == [f"甲县指挥席 {told}"]
    assert part(lines(story, case, "en"), "for support")[0].startswith(
        "甲县指挥席 asks 一街道中队 for support: cordon only, somebody else leads, it helps; to be signed by"
    )


def test_a_case_between_two_desks() -> None:
    """Given a report at a border that a collector finds to be the other county's; when the logs of both desks are read
    in any order; then the events follow each other as they did, and the reason of the hand-over is told in words at
    both desks; the acting name is the other county's."""
    story = Story()
    case = story.file("09:00", "1", "stall", (120.1999, 30.1))
    story.tell("09:20", m.ReportVerification, case, found=True, territory="990201", actor=BORDER_COLLECTOR)
    story.tell("09:21", m.UrgeCase, case, at_desk="jia")
    text = lines(story, case)
    assert "    地点：点位在二镇之内，存疑：靠近另一指挥席的边界" in text
    told = [line.split(" ", 2)[2] for line in text if line.startswith("2026")]
    assert told[1:6] == [
        "甲县指挥席 先核实：靠近另一指挥席的边界，采集员 K-990102，2026-07-13 09:30 前",
        "甲县指挥席 核实：属实，在三街道——监督员 K-990102",
        "甲县指挥席 移交乙县指挥席：经核实在其辖区——监督员 K-990102",
        "甲县指挥席 命令转往乙县指挥席",  # of the version at which the case left
        "乙县指挥席 接收甲县指挥席移来的案件：经核实在其辖区",
    ]
    assert part(text, "派单给")[-2] == "以乙县执法局名义，条：乙县执法局，块：乙县执法局"
    assert part(lines(story, case, "en"), "taken from") == ["乙县指挥席 taken from 甲县指挥席: verified to be there"]
    mixed = events_of(story, case, story.decide.city)
    by_desk = sorted(mixed, key=lambda one: one.desk, reverse=True)  # the second desk's log is read first
    assert [one.desk for one in by_desk] != [one.desk for one in mixed]
    assert explain(in_order(by_desk), story.decide.memory.at) == "\n".join(lines(story, case))


def test_where_the_rules_may_only_propose() -> None:
    """Given a desk that may only propose; when a case comes and its operator confirms; then the proposal has its row,
    candidates and the mode as the last step, and the offer says by whose word and that it was as proposed."""
    first = {"valid_from": dt.date(2026, 1, 1), "source": "invented"}
    story = Story(added(PACK, "rollout", Rollout(desk="jia", item="*", mode="propose", **first)))
    case = story.file("09:00", "1", "stall")
    text = lines(story, case)
    assert text[1].endswith("：待派遣员处理；层级：镇")
    proposed = part(text, "建议")
    assert proposed[:5] == [
        "甲县指挥席 建议，由派遣员确认：一街道中队 一街道中队A组，2026-07-13 09:30 前处理",
        "职权：权责清单 S-1 第 P03 行（例法 art. 1），划转状态：已划转",
        "层级：镇",
        "派遣步骤：属地中队（单位）优先",
        "推行方式：建议，由派遣员确认",
    ]
    assert len(proposed) == 5 + 3 + 1  # the candidates, and in whose name
    lamp = story.file("09:01", "2", "lamp")
    assert part(lines(story, lamp), "建议") == [
        "甲县指挥席 建议，由派遣员确认：甲县市政单位，2026-07-13 10:01 前处理",
        "职权：权责清单 S-1 第 P07 行（例法 art. 1），划转状态：未划转",
        "派遣步骤：属地中队（单位）优先",
        "推行方式：建议，由派遣员确认",  # the last, also where no ladder was climbed
    ]
    story.tell("09:05", m.ConfirmProposal, case)
    assert part(lines(story, case), "派单给") == [
        "甲县指挥席 派单给一街道中队 一街道中队A组（A1-001、A1-002），2026-07-13 09:20 前应答——派遣员 op-1",
        "职权：权责清单 S-1 第 P03 行（例法 art. 1）",
        "派遣步骤：派遣员确认了系统建议",
        "候选 一街道中队 一街道中队A组：在岗 1 对，在办 0，0 米——选中",
        "以甲县执法局名义，条：甲县执法局，块：甲县执法局",
        "理由：照建议办理",
        "时限 处置：4 个工作时，2026-07-13 15:05 到期（2026-07-13 14:17 起黄）",
    ]


def test_an_operator_who_says_nothing() -> None:
    """Given a squad with nobody on duty and an operator who is silent; when the case goes up; then the wait, the call
    for the operator with its candidates, the level, the post that answers for it and the city desk are told."""
    story = Story()
    story.tell("08:59", m.SetDuty, at_desk="jia", desk="jia", officers=officers_of("A1"), on_duty=False)
    case = story.file("09:00", "1", "stall")
    story.wait("10:00")
    text = lines(story, case)
    assert part(text, "等待")[:2] == [
        "甲县指挥席 等待：暂时无人有空，2026-07-13 09:30 再看",
        "候选 一街道中队 一街道中队A组：在岗 0 对，在办 0，0 米——无人在岗",
    ]
    assert part(text, "派遣时限内")[0] == "甲县指挥席 须派遣员处理：派遣时限内未派出，2026-07-13 10:00 前"
    assert part(text, "升级") == ["甲县指挥席 升级到市：派遣员逾期未处理", "责任：岗位责任（甲县指挥席）"]
    assert part(text, "丁市指挥席 须")[0] == (
        "丁市指挥席 须派遣员处理：由其他指挥席移来，须先审看（派遣员逾期未处理），2026-07-13 10:30 前"
    )


def test_what_nobody_may_is_named_in_the_readers_language() -> None:
    """Given a matter that the list gives to nobody who may; when the operator is called; then the item is named, in
    English by its English name."""
    story = Story(changed(PACK, "powers", {"row": "P27"}, owner_kind="squad", owner="*"))
    case = story.file("09:00", "1", "detain")
    assert "清单中没有人有此职权（扰乱秩序）" in part(lines(story, case), "须派遣员处理")[0]
    assert "the list names nobody (Disorder)" in part(lines(story, case, "en"), "needs an operator")[0]


def test_a_penalty_file_with_its_limit() -> None:
    """Given a penalty file; when it is asked why; then its own limit stands below it, in days."""
    story = Story()
    case = story.file("09:00", "1", "shed")
    story.work(case, "09:05", "09:10")
    story.tell("09:20", m.FilePenalty, case, file_no="F-1")
    assert part(lines(story, case), "处罚立案") == [
        "甲县指挥席 处罚立案 F-1——队员 A1-001",
        "时限 处罚决定：90 日，2026-10-11 09:20 到期（2026-09-23 09:20 起黄）",
    ]


def test_a_claim_that_cannot_be_believed() -> None:
    """Given a report that claims to be of five days ago; when it is told; then below it stands what it claimed and
    that this is odd."""
    story = Story()
    case = story.file("2026-07-13 09:00", "1", "stall")
    story.tell("09:05", m.AcceptAssignment, case, happened_at=at("2026-07-08 09:05"))
    assert part(lines(story, case), "接单")[1:] == ["自称时间 2026-07-08 09:05 可疑（滞后）"]
    assert part(lines(story, case, "en"), "accepted")[1:] == ["the claimed time 2026-07-08 09:05 is odd (long ago)"]


def test_every_step_is_told_with_its_row_and_its_answer() -> None:
    """Given an event with every step there is; when it is told; then each stands in its own line, in its order, with
    the row or the answer that it is about; no slot is left without a value."""
    story, case = offered()
    told = events_of(story, case, story.decide.city)
    rules = [rule for rule in words.STEPS if rule != "rollout"]
    steps = tuple(Step(rule=rule, row="row-1", detail="said-1") for rule in rules)
    event = replace(told[1].event, steps=steps)  # type: ignore[arg-type]
    for lang in LANGS:
        text = explain([told[0], told[1]._replace(event=event)], 0, lang).split("\n")
        below = part(text, "A1-004")[1 : 1 + len(steps)]
        for rule, line in zip(rules, below, strict=True):
            assert line.startswith(re.split(r"[\[{]", getattr(words.STEPS[rule], lang))[0])
            assert "row-1" in line or "said-1" in line or rule == "about_the_force" or rule == "nowhere", line


# -- names, gaps, and people's own words -------------------------------------------------------------------------------


def test_without_the_city_there_are_ids() -> None:
    """Given a case whose city is not at hand; when it is told; then squads, teams, places and superiors are ids,
    instants are UTC, and the last line says why; codes are worded all the same."""
    story, case = offered()
    told = events_of(story, case)
    zh, en = (explain(told, told[-1].at, lang).split("\n") for lang in LANGS)
    assert zh[1:3] == [
        "截至 2026-07-13 01:00（UTC）：已派单待接，在A1 A1-B；层级：镇街",
        "地点：990101 一街道 8 号",
    ]
    assert part(zh, "派单给")[4:8] == [
        "候选 A1 A1-B：在岗 1 对，在办 0，963 米——选中",
        "候选 A1 A1-A：在岗 1 对，在办 2，963 米——每对在办量更多",
        "候选 A1 A1-N：在岗 0 对，在办 0，963 米——无人在岗",
        "以甲县执法局名义，条：bureau-city，块：bureau-jia",
    ]
    assert zh[-1] == "（裁定时的城市数据不在手边，以编号代替名称）"
    assert en[-1] == "(the city's data of that time is not at hand: ids stand for names)"
    assert "ids stand for names" not in "\n".join(lines(story, case, "en"))


def test_names_are_of_the_version_that_decided() -> None:
    """Given a squad that is renamed by a new version of the city between two of its acts; when both are at hand; then
    each event has the name of its own time; when only the new one is, the old event has ids and that is said."""
    new = changed(PACK, "squads", {"id": "A1"}, name="新一街道中队")
    story = Story(PACK, new)
    case = story.file("09:00", "1", "stall")
    version = city_files.version(new)
    story.tell("09:05", m.AdoptCity, at_desk="jia", desk="jia", city=version)
    story.tell("09:06", m.AcceptAssignment, case)
    story.tell("09:07", m.ReturnAssignment, case)
    old, now = story.decide.city, City(new, version)
    both, one = (explain(events_of(story, case, *cities), 0).split("\n") for cities in ((old, now), (now,)))
    assert part(both, "派单给")[0].startswith("甲县指挥席 派单给一街道中队 一街道中队A组")
    assert part(both, " 退单：")[-1] == "责任：执法责任（新一街道中队）"
    assert part(one, "派单给")[0].startswith("jia 派单给A1 A1-A")
    assert part(one, " 退单：")[-1] == "责任：执法责任（新一街道中队）"
    assert [text[-1].startswith("（裁定时") for text in (both, one)] == [False, True]


def test_missing_versions_are_said() -> None:
    """Given a log of which the middle is gone; when the case is told; then the gap is named where it is, and the head
    says up to which version it is known; with the beginning gone there is no head at all."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10", "09:20")
    told = events_of(story, case, story.decide.city)
    assert [one.event.case_version for one in told] == [1, 2, 3, 4, 5]  # type: ignore[union-attr]
    whole = explain(told, told[-1].at)
    assert "缺" not in whole
    zh, en = (explain([*told[:2], told[4]], told[-1].at, lang).split("\n") for lang in LANGS)
    assert zh[1].endswith("：已派单待接，在一街道中队 一街道中队A组；层级：镇")
    assert zh[6:8] == ["（以上止于第 2 版，其后有事件缺失，现状不明）", "经过："]
    assert zh[-2] == "（缺第 3 至 4 版的事件）"
    assert en[6].startswith("(the above is of version 2: events after it are missing")
    assert en[-2] == "(the events of versions 3 to 4 are missing)"
    assert explain(told[3:], told[-1].at).split("\n")[:2] == ["经过：", "（缺第 1 至 3 版的事件）"]


def test_nothing_of_the_reporter_is_told() -> None:
    """Given a report with a name, a phone and a long description; when the case is handed over, joined by the same
    caller and told by all desks in both languages; then neither stands in any text, nor the marks that stand for
    them."""
    story = Story()
    who = {"reporter": {"name": "张三丰", "phone": "13800138000"}, "description": "我叫张三丰，电话13800138000，在家等"}
    case = story.file("09:00", "1", "tree", **who)
    again = story.file("09:01", "2", "tree", **who)
    story.tell("09:02", m.HandOverCase, case, to_desk="ding", reason="needs the crane")
    registered = story.one(e.CaseRegistered, case)
    assert (registered.caller_tag, len(story.desks(case))) != ("", 1)
    text = "\n".join(line for one in (case, again) for lang in LANGS for line in lines(story, one, lang))
    assert story.one(e.CaseJoined, case).callers == 1
    for secret in ("张三", "13800138000", "在家等", registered.caller_tag, registered.reporter_ref or "13800138000"):
        assert secret not in text


def test_a_citizens_own_brackets_stay() -> None:
    """Given a title with the marks that our sentences are made of; when the case is told; then it stands there
    unchanged, in both languages, and nothing of the sentence around it is lost."""
    story = Story()
    title = "[急] {item} 占道 [[{title}]] {0}"
    case = story.file("09:00", "1", "stall", title=title)
    assert lines(story, case)[0] == f"案件 JA-20260713-0001（{case}）：占道经营 {title}"
    assert lines(story, case, "en")[0] == f"case JA-20260713-0001 ({case}): Stall in the road, {title}"
    story.tell("09:01", m.UrgeCase, case, note="[why] {note}")
    assert part(lines(story, case), "催办") == ["甲县指挥席 催办：[why] {note}——派遣员 op-1"]


def test_nobody_writes_a_line_of_ours() -> None:
    """Given a title, a note and a sender's number with ends of lines in them; when the case is told; then what they
    would forge stays within the line of who said it."""
    story = Story()
    forged = "2026-07-13 09:00 甲县指挥席 核查通过"
    case = story.file("09:00", "1", "stall", title=f"摆摊\n{forged}")
    story.tell("09:01", m.UrgeCase, case, note=f"快\r\n{forged}", actor=m.Actor(f"op-1\n{forged}", "operator"))
    for lang in LANGS:
        text = lines(story, case, lang)
        assert [line for line in text if line.startswith(forged)] == []
        assert sum(line.count(forged) for line in text) == 3
