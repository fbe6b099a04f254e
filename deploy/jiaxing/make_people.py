"""Squads, teams, officers, what they have, and collectors, from the staffing norm; called by make_pack.py.

The norm (domain.md R76, §1F): 10 formal officers is exactly one certified pair round the clock, 15 one and a half. So:
four pairs A-D in three shifts (day, evening, night, each followed by 24 hours off), a lead team L of the leader and a
second officer on call, and in a squad of 15 a day team E of three on weekdays and a pair F from Wednesday to Sunday.
"""

from __future__ import annotations

from make_pack import (
    CITY,
    CITY_BUREAU,
    COUNTIES,
    FROM,
    GENERAL,
    LAKE,
    NAME,
    PILOTS,
    SEAT,
    SEATS,
    SPECIALIST,
    TOWNS,
    ZONES,
    bureau,
    write,
)

ROUND = [("A", "three_shifts", 0), ("B", "three_shifts", 1), ("C", "three_shifts", 2), ("D", "three_shifts", 3)]
DAY = [("E", "weekdays", 3), ("F", "weekdays", 1)]  # phase 3: the cycle begins on Monday; 1: on Wednesday
LEAD = [("L", "on_call", 0)]

# Strength of each team, by kind of squad. Auxiliaries are twice as many, spread alike (R78: that is above the limit of
# 1:1, and is the fact that the platform must show, not hide).
STRENGTH = {
    "town10": {"A": 2, "B": 2, "C": 2, "D": 2, "L": 2},
    "town15": {"A": 2, "B": 2, "C": 2, "D": 2, "E": 3, "F": 2, "L": 2},
    "zone": {"A": 3, "B": 3, "C": 3, "D": 3, "E": 3, "F": 3, "L": 2},
    "mobile": {"A": 3, "B": 3, "C": 3, "D": 3, "L": 2},
    "city": {"A": 2, "B": 2, "C": 2, "D": 2, "E": 2, "L": 2},
}
# Formal officers by the norm of domain.md R76; it names towns alone, so zones, mobile teams and the city's have none.
NORM = {"town10": 10, "town15": 15}
# The most open weight of a squad: by strength, and in a town by its villages and communities too (domain.md R93: where
# area and tasks are large, more). An ordinary day of the demo brings a town about 16 of weight, the busiest 47; where
# work is done within the limits the open weight of the two weeks stays below.
CAP = {"town10": 40, "town15": 60, "zone": 60, "mobile": 60, "city": 60}
CAP_A_VILLAGE = 2
# Specialist certificates by team. A mobile team and the city's detachment hold all: they are the pool (R84).
SKILLS = {"A": "安全生产", "B": "环境保护", "C": "安全生产", "E": "环境保护", "F": "城乡规划", "L": "城乡规划"}
EXPIRED, EXPIRING = "2026-06-30", "2026-07-16"  # before the demo's first day, and in its first week
LATE = "2029-12-31"

# Things in service with a squad: model. Each team has two recorders (domain.md §5.2, 11: at least one, each officer
# one is the aim) and a terminal; a big squad has three vehicles, another two. A vessel is where the name of the place
# speaks of water (湖 lake, 港 harbour, 塘 and 浦 canal …), where a town is said to be ready for an item that takes one
# (readiness.csv: sand_mining), and one with each mobile team but none with the city's.
VEHICLES = {"town10": 2, "town15": 3, "zone": 3, "mobile": 3, "city": 2}
WATER = "湖港塘浦泾汇"
AFLOAT = {"330421111", "330481103"}  # 姚庄镇 and 长安镇; 王江泾镇 has its water in its name
# Officers lent out: the third of a team of three, so that two certified ones are left on every shift. Each 9th day team
# E and each 3rd mobile team's A.
POSTED = {"town15": ("E", 9), "mobile": ("A", 3)}


def squads() -> list[tuple[str, str, str, str, str, str, str, str]]:
    """(id, kind, name, desk, territory, tier, acting name, block superior), seats apart."""
    found = []
    for county, (desk, prefix) in COUNTIES.items():
        for n, town in enumerate((t for t in TOWNS if t.startswith(county)), 1):
            big = NAME[town].endswith("街道") or town in PILOTS
            name = f"{NAME[town]}中队"
            kind = "town15" if big else "town10"
            found.append((f"{prefix}{n:02}", kind, name, desk, town, "town_squad", bureau(county), f"gov-{town}"))
        name = f"{NAME[county]}机动中队"
        found.append((f"{prefix}M", "mobile", name, desk, county, "county_mobile", bureau(county), f"bureau-{desk}"))
    for zone, (name, desk, prefix, *_) in ZONES.items():
        found.append((f"{prefix}01", "zone", f"{name}中队", desk, zone, "zone_squad", CITY_BUREAU, f"gov-{zone}"))
    found.append(("JX01", "city", "嘉兴市直属中队", "jiaxing", CITY, "city_detachment", CITY_BUREAU, "bureau-jiaxing"))
    return found


def seat(territory: str) -> tuple[float, float]:
    """Where a squad sits: at its township's seat; another at the first seat of its area."""
    if territory in ZONES:
        return SEAT[ZONES[territory][3][0]]
    return SEAT.get(territory) or SEAT[next(t for t in TOWNS if t.startswith(territory.rstrip("0")))]


def people() -> None:
    """Write squads, teams, officers, certificates, postings, equipment and collectors."""
    posts, teams, officers, certificates, postings, things = [], [], [], [], [], []
    # Telephones are extensions of the force's own exchange, too short to be anybody's outside.
    norm = "model: domain.md R76 and R78 (15 or 10 formal officers; auxiliaries 2:1)"
    own = f"{norm}; telephone: invented, internal"
    for index, (squad, kind, name, desk, territory, tier, acting, block) in enumerate(squads()):
        superior = f"branch-{desk}" if tier == "zone_squad" else f"bureau-{desk}"
        lon, lat = seat(territory)
        cap = CAP[kind] + CAP_A_VILLAGE * int(SEATS[territory]["villages"] if territory in SEATS else 0)
        phone = f"6{index + 1:04}"
        posts.append((
            squad, name, desk, territory, tier, lon, lat, cap, phone, NORM.get(kind, 0), acting, superior, block, FROM,
            "", own,
        ))  # fmt: skip
        number = 0
        letters = [t for t in ROUND + DAY + LEAD if t[0] in STRENGTH[kind]]
        for letter, pattern, phase in letters:
            team = f"{squad}-{letter}"
            teams.append((team, squad, f"{name}{'带班' if letter == 'L' else letter}组", pattern, phase, norm))
            strength = STRENGTH[kind][letter]
            for place in range(strength * 3):
                number += 1
                who = f"{squad}-{number:03}"
                formal = place < strength
                post = "leader" if letter == "L" and place == 0 else "member"
                officers.append((who, squad, team, "formal" if formal else "aux", post, FROM, "", norm))
                if formal:
                    certificates += held(who, kind, letter, place, index)
                    postings += lent(who, kind, letter, place, index, desk)
        things += equipment(squad, kind, territory, len(letters))
    write(
        "squads",
        "id,name,desk,territory,tier,lon,lat,cap,phone,norm,acting_name,line_superior,block_superior,valid_from,valid_to,source",
        posts,
    )
    write("teams", "id,squad,name,pattern,phase,source", teams)
    write("officers", "number,squad,team,employment,post,valid_from,valid_to,source", officers)
    write("certificates", "officer,domain,number,valid_from,valid_to,source", certificates)
    write("postings", "officer,to,valid_from,valid_to,source", postings)
    write("equipment", "id,squad,kind,valid_from,valid_to,source", things)
    collectors()


def lent(who: str, kind: str, letter: str, place: int, index: int, desk: str) -> list[tuple[object, ...]]:
    """An officer's time at another post 外借, if any (R86). A mobile team's officer comes back, a town's is lost."""
    team, each = POSTED.get(kind, ("", 1))
    if letter != team or place != 2 or index % each != 1:
        return []
    until = "2026-12-31" if kind == "mobile" else ""
    return [(who, f"bureau-{desk}", FROM, until, "model: domain.md R86")]


def equipment(squad: str, kind: str, territory: str, teams: int) -> list[tuple[object, ...]]:
    """What is in service with a squad (R89, R90)."""
    place = NAME.get(territory, "港" if territory == "zone_gq" else "")
    wet = kind == "mobile" or (kind != "city" and any(word in place for word in WATER)) or territory in AFLOAT
    counts = {"vehicle": VEHICLES[kind], "recorder": 2 * teams, "terminal": teams, "vessel": int(wet)}
    source = "model: domain.md R89 and R90"
    return [
        (f"{squad}-{tool[:3].upper()}{n}", squad, tool, FROM, "", source)
        for tool, count in counts.items()
        for n in range(1, count + 1)
    ]


def collectors() -> None:
    """Who looks before and after: two in a street, a zone and by the lake, one in a town, by number."""
    rows: list[tuple[object, ...]] = [
        (f"C{area}-{n}", area, FROM, "", "model: domain.md §3, a collector for each responsibility grid")
        for area in (*TOWNS, *ZONES, LAKE[0])
        for n in ((1, 2) if area not in TOWNS or NAME[area].endswith("街道") else (1,))
    ]
    write("collectors", "number,territory,valid_from,valid_to,source", rows)


def held(who: str, kind: str, letter: str, place: int, index: int) -> list[tuple[object, ...]]:
    """An officer's certificates. Some day teams lose an officer by expiry, so that the rule bites (R80); the pairs
    round the clock keep theirs, so that coverage stays."""
    end = LATE
    if letter == "E" and place == 2 and index % 3 == 0:
        end = EXPIRED
    if letter == "F" and place == 1 and index % 4 == 0:
        end = EXPIRING
    pool = kind in ("mobile", "city")
    domains = [GENERAL, *(SPECIALIST if pool else [SKILLS[letter]] if letter in SKILLS else [])]
    return [(who, d, f"M{who.replace('-', '')}{n}", FROM, end, "model: domain.md R80") for n, d in enumerate(domains)]
