"""Write dashboards/*.json, which Grafana reads (provisioning/). A test holds that they are what this makes:

python -m deploy.grafana.make_dashboards
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from . import centre, leaders, machines

FOLDER = Path(__file__).parent / "dashboards"
BOARDS = (leaders.BOARD, centre.BOARD, machines.BOARD)


def files() -> dict[str, str]:
    """{name of a file in dashboards/: its text}."""
    return {f"{board['uid']}.json": _text(board) for board in BOARDS}


def _text(board: dict[str, object]) -> str:
    return json.dumps(board, cls=JSONEncoder, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
