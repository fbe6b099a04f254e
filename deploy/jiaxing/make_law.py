"""Domains, items, the power list and the names that sources give to items, from `sources/`; called by make_pack.py.

The power list has a row for each duty of an item that can be asked (domain.md R16). The plain rule: who punishes also
follows up and coerces; licensing, supervision, testing and policy stay with the department of the domain. What the
county keeps is done in a zone by its branch, which acts in the city bureau's name. What is not plain stands in
`sources/special_powers.csv`: a row there with neither condition nor desk is in the plain row's place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from make_pack import FROM, ZONES, read, write

Cells = dict[str, str]

DUTY = {"enforcement": "penalty", "repair": "repair", "service": "service", "reply": "reply"}
# The department of a domain 业务主管部门: which one is model, a bureau's name differs from county to county. A domain
# that is not here is not on the list of 21; its items' own owner does it all.
DEPARTMENT = {
    "市容环境卫生": "住建",
    "城乡规划": "自然资源",
    "城市绿化": "住建",
    "市政公用": "住建",
    "环境保护": "生态环境",
    "工商行政管理": "市场监管",
    "公安交通": "交警",
    "土地": "自然资源",
    "水行政": "水利",
    "安全生产": "应急",
    "建筑业": "住建",
    "房地产业": "住建",
    "石油天然气管道保护": "发改",
    "陆域渔政": "农业农村",
    "林政": "自然资源",
    "人防": "住建",
    "教育": "教育",
    "商务": "商务",
    "旅游": "文化",
    "价格": "市场监管",
    "体育管理": "体育",
}
# Which family a kind of unit belongs to; a kind that is not here is a department.
FAMILY = {
    "squad": "squad",
    "公安": "police",
    "交警": "police",
    "消防": "rescue",
    "急救": "rescue",
    "环卫": "professional",
    "园林": "professional",
    "排水": "professional",
    "市政公用": "component",
    "供水企业": "component",
    "燃气企业": "component",
    "供热企业": "component",
    "通信电力": "component",
    "管道企业": "component",
}
# How a duty is done and by what it is measured: two of the five public fields (R6). The wording is model everywhere.
PROCEDURE = {
    "penalty": ("简易程序或普通程序（行政处罚法 art. 51 and 54）", "裁量基准"),
    "follow_up": ("处置后复查", "复查清单"),
    "coercion": ("行政强制措施程序（行政强制法 art. 18）", "行政强制法 art. 5: 适当，非强制手段可达目的的不用"),
    "source": ("行政许可审批", "许可条件"),
    "post_approval": ("许可后监督检查", "许可条件"),
    "routine": ("日常监督检查", "检查清单"),
    "tech_test": ("检验、检测、鉴定", "技术标准"),
    "policy": ("制定政策和规范性文件", "立法和备案要求"),
    "repair": ("工单处置", "时限"),
    "service": ("工单处置", "时限"),
    "reply": ("答复", "时限"),
}
SUPERVISION = ("source", "post_approval", "routine", "tech_test", "policy")
# 批后监管 has two readings, both in the list (R17): practice's, of who was licensed, and the study's, of who enforces.
PRACTICE = {"scope": "对被许可人的监管（实践，L99）", "source": "domain.md R17 (L99)"}
STUDY = {
    "scope": "对综合行政执法的监管（研究 L21、L121）",
    "procedure": "执法监督",
    "standard": "执法评议考核标准",
    "when": "reading=enforcement",
    "source": "domain.md R17 (L121)",
}
STATES = {
    "transferred": "domain.md R1",
    "not_transferred": "domain.md R2",
    "to_return": "domain.md R9",
    "too_specialised": "domain.md R10",
    "pending_capacity": "domain.md R11",
    "should_transfer": "domain.md R12",
    "review": "domain.md R13",
}
POWERS = (
    "row,item,duty,owner_kind,owner,transfer_state,basis,scope,procedure,standard,hotline,level,desk,when,moves_open,"
    "valid_from,valid_to,source"
)
ITEMS = (
    "id,name,name_en,domain,nature,priority,limit,specialist,powers,crew,needs,emergency,about_force,"
    "valid_from,valid_to,source"
)


def domains() -> None:
    """The city's 21, and the 26 of 嘉善: the same and five more whose names are not in the sources. Where the last item
    is transferred on a day, the domain is transferred in part before it and wholly since."""
    fact = "domain.md R1 (the list and its order); group and extent: model"
    listed = read("domains.csv")
    rows: list[tuple[object, ...]] = []
    for desk, source in (("", fact), ("jiashan", f"{fact}; that 嘉善 counts 26: domain.md §1F")):
        for n, d in enumerate(listed, 1):
            name = (d["name"], d["name_en"], d["group"], n)
            rows.append((*name, d["extent"], desk, FROM, day_before(d["all_from"]), source))
            if d["all_from"]:
                rows.append((*name, "all", desk, d["all_from"], "", source))
    for n in range(len(listed) + 1, 27):
        source = "model: a place for a domain whose name is not in the sources"
        rows.append((f"其他方面{n}", f"Other aspect {n}", "society", n, "part", "jiashan", FROM, "", source))
    write("domains", "name,name_en,group,order,extent,desk,valid_from,valid_to,source", rows)


def day_before(day: str) -> str:
    """The last day of what ends where a day begins; "" for no day."""
    return str(dt.date.fromisoformat(day) - dt.timedelta(days=1)) if day else ""


def law() -> None:
    """Items, who owns which of their duties, and how sources name them."""
    matters = read("matters.csv")
    special = read("special_powers.csv")
    items: list[tuple[object, ...]] = []
    powers: list[Cells] = []
    categories: list[tuple[object, ...]] = []
    for n, m in enumerate(matters, 1):
        source = f"model: limit of {m['limit_from']}" if m["limit_from"] != "model" else "model"
        flags = {f: "true" if m[f] else "false" for f in ("specialist", "about_force")}
        cells = {**m, **flags, "valid_from": FROM, "valid_to": "", "source": source}
        items.append(tuple(cells[name] for name in ITEMS.split(",")))
        powers += rows_of(m, f"P{n:03}", [s for s in special if s["item"] == m["id"]])
        dcm = "model: event classes of urban_management_events.csv"
        categories += [("dcm-event", code, m["id"], "", dcm) for code in m["dcm"].split()]
    demo = "model: after boston_to_jiaxing_map.csv"
    categories += [("demo", c["code"], c["item"], "", demo) for c in read("demo_to_items.csv")]
    categories += [
        ("pingshan", c["code"], c["item"], "", f"model: {c['sub_type']}") for c in read("pingshan_to_items.csv")
    ]
    own = "model: what a hotline of the city might call it"
    categories += [(c["scheme"], c["code"], c["item"], c["facts"], own) for c in read("own_codes.csv")]
    domains()
    write("items", ITEMS, items)
    write("powers", POWERS, [tuple(p[name] for name in POWERS.split(",")) for p in powers])
    write("categories", "scheme,code,item,facts,source", categories)


def rows_of(matter: Cells, number: str, special: list[Cells]) -> Iterator[Cells]:
    """All rows of an item: the main duty, what follows from it, and the department's."""
    main = DUTY[matter["nature"]]
    replaced = {s["duty"] for s in special if not s["when"] and not s["desk"]}
    rows = [s | public(s["duty"], matter) for s in special]
    if main not in replaced:
        owner = "*" if matter["owner"] == "squad" else matter["owner"]
        state = matter["transfer_state"]
        source = f"model: owner by sense; {state}: {STATES[state]}"
        first = plain(matter, number, main, owner, state) | {"level": matter["level"], "source": source}
        rows.insert(0, first)
        if matter["level"] == "county":
            branch = {"level": "town", "source": "model: domain.md R27, R28: a branch acts in the city bureau's name"}
            rows += [first | {"row": f"{number}-{desk}", "desk": desk} | branch for _, desk, *_ in ZONES.values()]
    yield from rows
    if matter["nature"] != "enforcement":
        return
    after = ["follow_up", "coercion"] if "coercion" in matter["powers"] else ["follow_up"]
    for row in [r for r in rows if r["duty"] == main]:
        for duty in after:
            follows = {"row": f"{row['row']}-{duty}", "source": "model: domain.md R16, with who punishes"}
            yield row | {"duty": duty} | follows | public(duty, matter)
    # A department that punishes supervises too; beside a squad the domain's department does.
    owner = DEPARTMENT[matter["domain"]] if matter["owner"] == "squad" else matter["owner"]
    for duty in SUPERVISION:
        if duty not in replaced:
            source = "model: domain.md R16, stays with the department"
            row = plain(matter, f"{number}-{duty}", duty, owner, "not_transferred") | {"source": source}
            if duty == "post_approval":
                yield row | PRACTICE
                yield row | {"row": f"{row['row']}-law"} | STUDY
            else:
                yield row


def plain(matter: Cells, row: str, duty: str, owner: str, state: str) -> Cells:
    """A row for everywhere, without a condition and an end."""
    return {
        "row": row,
        "item": matter["id"],
        "duty": duty,
        "owner_kind": FAMILY.get("squad" if owner == "*" else owner, "department"),
        "owner": owner,
        "transfer_state": state,
        "basis": matter["basis"],
        "scope": f"{matter['name']}（{matter['domain']}）",
        "level": "town",
        "desk": "",
        "when": "",
        "moves_open": "false",
        "valid_from": FROM,
        "valid_to": "",
    } | public(duty, matter)


def public(duty: str, matter: Cells) -> Cells:
    """The public fields that depend on the duty alone."""
    procedure, standard = PROCEDURE[duty]
    standard = f"{standard} {matter['limit']}" if standard == "时限" else standard
    return {"procedure": procedure, "standard": standard, "hotline": "12345"}
