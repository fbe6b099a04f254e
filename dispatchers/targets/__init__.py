"""The three 80 % numbers 三个80% (domain.md §2): enforcement done, force posted, support spent at the grassroots 基层.

    definition     the definition in force on a day, a dated row of the city pack, printed beside every number
    share          a share: 80 % includes itself, is shown truncated, and of nothing is no data
    told, limits   what is read of a record; which open cases are overdue
    counts, tasks  R1: sums of ended cases; the fold of the desks' logs, with months, freezing and restatements
    cases          the cases behind R1, for who asks
    periods        months of the city's zone, and when they become final
    force          R2: where formal officers serve
    support        R3: what is spent for whom, and where things are used

R1 is a fold of the log; R2 and R3 are pure functions of the city pack and a day.
"""

from .counts import ASIDES, SCOPES, STREAMS, Kind, Scope, Stream, forced, parts, proof, share
from .definition import definition_on
from .force import Force, force
from .share import Share
from .support import Support, support
from .tasks import WINDOWS, DeskTasks, Month, Official, Restated, Tasks, Window
from .told import Told, ToldRecord, decode_told

__all__ = [
    "ASIDES", "SCOPES", "STREAMS", "WINDOWS", "DeskTasks", "Force", "Kind", "Month", "Official", "Restated", "Scope",
    "Share", "Stream", "Support", "Tasks", "Told", "ToldRecord", "Window", "decode_told", "definition_on", "force",
    "forced", "parts", "proof", "share", "support",
]  # fmt: skip
