"""Make the demo's complaints from real ones: demo/complaints.jsonl.gz and demo/closing.json. Development only.

    python deploy/jiaxing/make_demo.py SHARED_DATA

SHARED_DATA holds complaints/boston311_2011_jul_oct.csv.gz and complaints/boston_on_jiaxing.csv.gz (too large for this
repository; provenance and licence in demo/README.md). Real weeks are laid over one another, each moved by whole weeks,
so that weekday and time of day stay true: ten and nine weeks on the demo's two make Jiaxing's measure, 3,300 a day.

Outcome columns (closing, status, duplicates) never reach a complaint; the closing times go, as a distribution per
item, to the simulated people of the field alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import coordTransform as datums  # noqa: N813  (the package's own spelling)
import numpy as np

from dispatchers.city import City
from dispatchers.rows import Item
from streams import city_files

HERE = Path(__file__).parent
ZONE = dt.timezone(dt.timedelta(hours=8))
BEGIN = dt.datetime(2026, 7, 13, 8, tzinfo=ZONE)  # a Monday
WEEK = dt.timedelta(weeks=1)
FIRST = dt.datetime(2026, 7, 6, tzinfo=ZONE)  # Monday of the first whole week of the source, there moved to 2026
# Source weeks laid over each week of the demo. There are 17 whole ones: two serve twice, with ids of their own.
LAYERS = (range(10), range(8, 17))
# A title that fewer requests bear may name a person or a street over there: the type stands in for it.
SHARED_BY = 20
QUANTILES = [q / 100 for q in range(5, 100, 5)]

# The source's channel -> (our source, our channel). Who reports by telephone is on WGS-84 by geocoding; phones in
# China give GCJ-02, so the app and the web do here too, and the datum is exercised on every day.
CHANNELS = {
    "Constituent Call": ("12345", "phone"),
    "Self Service": ("web", "web"),
    "Citizens Connect App": ("app", "app"),
    "Twitter": ("web", "weibo"),
    "Employee Generated": ("patrol", "patrol"),
    "Maximo Integration": ("patrol", "asset-system"),
}
GCJ02 = ("web", "app")
# Items whose report by a patrol is about a component 部件 of the city's inventory, and not an event 事件.
COMPONENTS = (
    *("street_light", "street_light_down", "traffic_signal", "traffic_sign", "road_marking", "parking_meter"),
    *("hydrant", "bridge", "tree_care", "fallen_tree", "green_care", "public_fixture"),
    *("manhole_sewer", "manhole_water", "manhole_cable"),
)


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a gzipped CSV file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def kind(item: Item, source: str) -> str:
    """The kind that a source would give to a matter of an item."""
    if source == "patrol" and item.nature != "reply":
        return "component" if item.id in COMPONENTS else "event"
    if item.nature == "enforcement":
        return "complaint" if source == "12345" else "report"
    if item.nature == "reply":
        return {"inquiry": "consult" if source == "12345" else "suggestion"}.get(item.id, "complaint")
    return "help"


def complaint(real: dict[str, str], place: dict[str, str], city: City, copy: int, title: str) -> dict[str, object]:
    """One line of the demo, but for its time."""
    code = f"{real['reason']} > {real['type']}"
    item = city.item_of("demo", code)
    if item is None:
        raise SystemExit(f"categories.csv has no demo code {code!r}")
    source, channel = CHANNELS[real["channel"]]
    sort = kind(item, source)
    line: dict[str, object] = {
        "topic": "city-events" if sort in ("event", "component") else "complaints",
        "source": source,
        "source_id": f"BOS-{real['event_id']}" + (f"-{copy}" if copy else ""),
        "kind": sort,
        "received_at": "",
        "title": item.name,
        "description": title,
        "category": {"scheme": "demo", "code": code},
        "channel": channel,
    }
    if place["located"] == "1":
        lon, lat = float(place["lon"]), float(place["lat"])
        datum = "gcj02" if source in GCJ02 else "wgs84"
        if datum == "gcj02":
            lon, lat = datums.wgs84_to_gcj02(lon, lat)
        area = city.territories[place["county_code"]].name + city.territories[place["township_code"]].name
        point = {"datum": datum, "lon": round(lon, 6), "lat": round(lat, 6), "address": f"{area}{place['block']}号街区"}
        line["location"] = point
    return line


def main(shared: Path) -> None:
    """Write both files of demo/."""
    pack = city_files.load(HERE)
    city = City(pack, city_files.version(pack))
    places = {p["event_id"]: p for p in rows(shared / "complaints/boston_on_jiaxing.csv.gz")}
    lines: list[tuple[dt.datetime, str, dict[str, object]]] = []
    closing: dict[str, list[tuple[float, float]]] = {}
    source = list(rows(shared / "complaints/boston311_2011_jul_oct.csv.gz"))
    titles = Counter(real["title"] for real in source)
    for real in source:
        item = city.item_of("demo", f"{real['reason']} > {real['type']}")
        if real["closed_at"] and item:
            closing.setdefault(item.id, []).extend(times(real))
        place = places[real["event_id"]]
        opened = dt.datetime.fromisoformat(place["opened_at"]).replace(tzinfo=ZONE)
        week = (opened - FIRST) // WEEK
        homes = [n for n, layer in enumerate(LAYERS) if week in layer]
        for copy, home in enumerate(homes):
            moved = opened + (BEGIN.replace(hour=0) + home * WEEK - (FIRST + week * WEEK))
            if moved >= BEGIN:
                title = real["title"] if titles[real["title"]] >= SHARED_BY else real["type"]
                line = complaint(real, place, city, copy, title)
                line["received_at"] = moved.isoformat()
                lines.append((moved, str(line["source_id"]), line))
    lines.sort(key=lambda entry: entry[:2])
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for *_, line in lines)
    target = HERE / "demo"
    with (target / "complaints.jsonl.gz").open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())
    body = ",\n".join(
        f"  {json.dumps(i)}: {json.dumps(spread(found))}" for i, found in sorted(closing.items()) if found
    )
    text = f'{{"quantiles": {json.dumps(QUANTILES)},\n"items": {{\n{body}\n}}}}\n'
    (target / "closing.json").write_text(text, encoding="utf-8")


def times(real: dict[str, str]) -> Iterator[tuple[float, float]]:
    """Minutes from opening to closing, and the share of the city's own limit that they are (NaN where it set none)."""
    opened = dt.datetime.fromisoformat(real["opened_at"])
    minutes = (dt.datetime.fromisoformat(real["closed_at"]) - opened).total_seconds() / 60
    limit = (dt.datetime.fromisoformat(real["due_at"]) - opened).total_seconds() / 60 if real["due_at"] else 0
    if minutes > 0:
        yield minutes, minutes / limit if limit > 0 else float("nan")


def spread(found: list[tuple[float, float]]) -> dict[str, object]:
    """The distribution of an item's closing times: `minutes` as they were, `of_limit` as shares of the limit."""
    minutes = [m for m, _ in found]
    shares = [s for _, s in found if s == s]
    return {
        "n": len(minutes),
        "minutes": [round(float(m)) for m in np.quantile(minutes, QUANTILES)],
        "n_of_limit": len(shares),
        "of_limit": [round(float(s), 3) for s in np.quantile(shares, QUANTILES)] if shares else [],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
