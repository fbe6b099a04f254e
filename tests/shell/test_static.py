"""The gateway's pages and modules: what is vendored is what npm has, both languages say the same, the CSP is kept, text
can be read."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import streams.gateway
from dispatchers.explain import terms, words
from dispatchers.messages import orders

STATIC = Path(streams.gateway.__file__).parent / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())["files"]
PAGES = sorted(STATIC.glob("*/index.html"))
MODULES = sorted(p for p in STATIC.rglob("*.js") if VENDOR not in p.parents)
STYLES = sorted(STATIC.glob("css/*.css"))
PAIR = re.compile(r'"([^"]+)": "((?:[^"\\]|\\.)*)"')


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@cache
def catalogue(lang: str) -> dict[str, str]:
    """A language's words, read without a JavaScript engine: they are written as JSON pairs."""
    files = (STATIC / "i18n" / f"terms.{lang}.js", STATIC / "i18n" / f"{lang}.js")
    pairs = [pair for file in files for pair in PAIR.findall(file.read_text())]
    assert len(pairs) == len({key for key, _ in pairs}), "a key stands twice"
    return {key: json.loads(f'"{said}"') for key, said in pairs}


# -- vendored parts ----------------------------------------------------------------------------------------------------


def test_the_manifest_names_every_vendored_file_by_its_hash() -> None:
    """Nothing is there that the manifest does not name, and nothing was changed after it was written."""
    there = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()} - {"manifest.json"}
    assert there == set(MANIFEST)
    for name, entry in MANIFEST.items():
        assert sha256((VENDOR / name).read_bytes()) == entry["sha256"], name
    packages = {entry["package"] for entry in MANIFEST.values()}
    licensed = {entry["package"] for name, entry in MANIFEST.items() if name.startswith("licences/")}
    assert packages == licensed


def edited(raw: bytes, rules: list[str]) -> bytes:
    """What the sed rules of the manifest (s#from#to#g, no patterns in them) make of a file."""
    for rule in rules:
        _, old, new, flags = rule.split("#")
        assert flags == "g"
        assert old.encode() in raw
        raw = raw.replace(old.encode(), new.encode())
    return raw


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed here")
@pytest.mark.parametrize("package", sorted({(e["package"], e["version"]) for e in MANIFEST.values()}))
def test_vendored_files_are_those_of_npm(package: tuple[str, str], tmp_path: Path) -> None:
    """Each file is derived again from the package that the registry gives."""
    name, version = package
    subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=tmp_path, check=True, timeout=120)
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as packed:
        files = {member.name: packed.extractfile(member) for member in packed if member.isfile()}
        contents = {path: file.read() for path, file in files.items() if file}
    for ours, entry in MANIFEST.items():
        if (entry["package"], entry["version"]) != package:
            continue
        raw = contents[f"package/{entry['path']}"]
        assert sha256(raw) == entry.get("npm_sha256", entry["sha256"]), ours
        assert sha256(edited(raw, entry.get("edited", []))) == entry["sha256"], ours


# -- words -------------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys_and_slots() -> None:
    """No screen is half translated, and no slot is filled in one language only."""
    zh, en = catalogue("zh"), catalogue("en")
    assert zh.keys() == en.keys()
    for key in zh:
        assert zh[key], key
        assert en[key], key
        assert set(re.findall(r"\{\w+\}", zh[key])) == set(re.findall(r"\{\w+\}", en[key])), key


def used() -> Iterator[tuple[str, str]]:
    """Each key that the code asks for, whole or as the beginning of one, and the file."""
    for module in MODULES:
        text = module.read_text()
        for whole in re.findall(r'\bt\(\s*"([^"]+)"', text):
            yield whole, module.name
        for group in re.findall(r'\bword\(\s*"(\w+)"', text):
            yield f"{group}.", module.name
        for start in re.findall(r"\bt\(\s*`([^$`]+)\$\{", text):
            yield start, module.name


def test_every_key_that_the_code_uses_is_in_the_catalogues() -> None:
    """Whole keys exist; of a key that is put together, at least one with that beginning does."""
    keys = catalogue("zh").keys()
    groups = {key.partition(".")[0] for key in keys}
    missing = []
    for key, where in used():
        open_ended = key.endswith(".") or key.count(".") == 0
        if key not in keys and not (open_ended and (key.rstrip(".") in groups or any(k.startswith(key) for k in keys))):
            missing.append((key, where))
    assert not missing


def test_the_words_of_verbs_are_all_there() -> None:
    """Every verb has a name, every field and every reason a word; every order named exists in the desk's language."""
    keys = catalogue("zh").keys()
    text = (STATIC / "console" / "verbs.js").read_text()
    for verb, order in re.findall(r'id: "(\w+)",\s+key: "\w",\s+order: "(\w+)"', text):
        assert f"verb.{verb}" in keys
        assert hasattr(orders, order), order
    for field in re.findall(r'name: "(\w+)", kind:', text):
        assert f"field.{field}" in keys, field
    for reasons in [*re.findall(r"\breason\(([^)]*)\)", text), *re.findall(r"reasons: \[([^\]]*)\]", text)]:
        for reason in re.findall(r'"(\w+)"', reasons):
            assert f"why.{reason}" in keys, reason


@pytest.mark.parametrize(
    ("group", "table"),
    [
        ("status", terms.STATUSES), ("result", terms.RESULTS), ("kind", terms.KINDS), ("limit", terms.LIMITS),
        ("request", terms.REQUESTS), ("duty", terms.DUTIES), ("role", terms.ROLES), ("lost", words.LOST),
    ],
)  # fmt: skip
def test_screens_and_explanations_use_the_same_words(group: str, table: words.Words) -> None:
    """A status is called on the screen what `paidan why` calls it."""
    for code, said in table.items():
        assert catalogue("zh")[f"{group}.{code}"] == said.zh
        assert catalogue("en")[f"{group}.{code}"] == said.en


# -- what the Content-Security-Policy asks -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.parent.name)
def test_a_page_has_nothing_inline(page: Path) -> None:
    """No script, style or handler in the page itself; everything comes from /static."""
    text = page.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert len(re.findall(r'<script type="module" src="/static/[\w/.]+"></script>', text)) == text.count("<script")
    for link in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert (STATIC / link.removeprefix("/static/")).is_file(), link


@pytest.mark.parametrize("file", [*PAGES, *MODULES, *STYLES], ids=lambda p: str(p.relative_to(STATIC)))
def test_nothing_leaves_the_site(file: Path) -> None:
    """No other origin is named, nothing is made HTML of or evaluated."""
    text = file.read_text()
    assert not re.search(r"https?://|[\"'(]//\w", text)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(|new Function", text
    )
    assert not re.search(r'style="|style=\$\{`', text), "a style given as text; give an object"


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(STATIC)))
def test_modules_import_what_is_there(module: Path) -> None:
    """Imports are relative, so that no import map is needed, and each name is exported where it is looked for."""
    text = module.read_text()
    for names, place in re.findall(r'^(?:import|export) ([^;]*?) from "([^"]+)";', text, re.MULTILINE):
        assert place.startswith("."), place
        target = (module.parent / place).resolve()
        assert target.is_file(), place
        if VENDOR in target.parents or not names.startswith("{"):
            continue
        there = target.read_text()
        for name in re.findall(r"(\w+)(?: as \w+)?", names):
            declared = rf"export (?:async )?(?:const|function|class) {name}\b"
            assert re.search(rf"{declared}|export \{{[^}}]*\b{name}\b", there), name


def imported(module: Path, known: set[Path]) -> set[Path]:
    """A module and all that it needs."""
    if module not in known:
        known.add(module)
        for place in re.findall(r'(?:from|import) ?"(\.[^"]+)"', module.read_text()):
            imported((module.parent / place).resolve(), known)
    return known


@pytest.mark.parametrize("page", ["console", "squad"])
def test_a_page_asks_for_all_its_modules_at_once(page: str) -> None:
    """It names each module that it needs, and no other: a chain of imports would cost a round trip a link, and what
    the squad's page names is what it opens with when there is no network."""
    main = STATIC / page / "main.js"
    named = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', (STATIC / page / "index.html").read_text())
    assert sorted(named) == sorted(str(p.relative_to(STATIC)) for p in imported(main, set()) - {main})


# -- can be read -------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def schemes() -> list[dict[str, str]]:
    text = (STATIC / "css" / "tokens.css").read_text()
    blocks = re.findall(r"\{\s*color-scheme: \w+;(.*?)\}", text, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6})", block)) for block in blocks]


def test_every_text_has_contrast() -> None:
    """4.5:1 for each pair of text and ground that the screens use, light and dark; 3:1 for the edge of a control."""
    light, dark, switched = schemes()
    assert dark == switched
    assert light.keys() == dark.keys()
    grounds = ("ground", "panel", "hover", "chosen", "marked")
    for scheme in (light, dark):
        for ground in grounds:
            for text in ("text", "quiet", "danger", "warn", "good"):
                assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
            assert contrast(scheme["edge"], scheme[ground]) >= 3 or ground in ("marked", "chosen", "hover")
        assert contrast(scheme["on-solid"], scheme["focus"]) >= 4.5
        assert contrast(scheme["on-solid-quiet"], scheme["solid"]) >= 4.5
        assert contrast(scheme["focus"], scheme["panel"]) >= 3


def test_colours_are_named_once() -> None:
    """Outside of the tokens no style sheet has a colour of its own, but for shadows."""
    for sheet in STYLES:
        if sheet.name != "tokens.css":
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text()), sheet.name
