"""The domain's words for the screens: the catalogues of `static/i18n/terms.*.js`, made from those of `paidan why`.

One word for one thing in texts and on screens (DESIGN §9); `make generate` writes them, a test compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from dispatchers.explain import terms, words
from dispatchers.explain.voice import Lang
from dispatchers.explain.words import Said

GROUPS: dict[str, Mapping[str, Said]] = {
    "status": terms.STATUSES,
    "result": terms.RESULTS,
    "order": terms.ORDERS,
    "role": terms.ROLES,
    "level": terms.LEVELS,
    "kind": terms.KINDS,
    "duty": terms.DUTIES,
    "limit": terms.LIMITS,
    "unit": terms.UNITS,
    "request": terms.REQUESTS,
    "relax": terms.RELAXATIONS,
    "outcome": terms.OUTCOMES,
    "superior": terms.SUPERIORS,
    "channel": terms.CHANNELS,
    "mode": words.MODES,
    "lost": words.LOST,
    "reason": {code: said for code, said in words.REASONS.items() if " " not in code},
}
HEAD = "// The words of the domain, made by `make generate` from dispatchers/explain/terms.py and words.py."


def catalogue(lang: Lang) -> str:
    """A module of one language: its default export maps "group.code" to the word."""
    lines = [HEAD, "export default {"]
    for group, said in GROUPS.items():
        lines.append(f"  // {group}")
        lines += [f"  {_quoted(f'{group}.{code}')}: {_quoted(getattr(one, lang))}," for code, one in said.items()]
    return "\n".join([*lines, "};", ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
