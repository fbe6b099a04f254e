"""The three 80 % numbers 三个80% (domain.md §2): enforcement done, force posted, support spent at the grassroots 基层.

    definition     the definition in force on a day, a dated row of the city pack, printed beside every number
    share          a share: 80 % includes itself, is shown truncated, and of nothing is no data
    told, limits   what is read of a record; which open cases are overdue
    counts, tasks  R1: sums of ended cases; the fold of the desks' logs, with months, freezing and restatements
    cases          the cases behind R1, for who asks
    periods        months of the city's zone, and when they become final
    force          R2: where formal officers serve
    support        R3: what is spent for whom, and where things are used
    formulas       the indicators of the trade (§3): what they are made of
    indicators     their fold of the desks' logs; `standing`: what it keeps of a desk
    people         people of the squads (§1E): norm, cover round the clock, auxiliaries, inequality of load

R1 and the indicators are folds of the log; R2, R3 and the people are pure functions of the city pack and a day.
"""

from .counts import ASIDES, SCOPES, STREAMS, Kind, Scope, Stream, forced, parts, proof, share
from .definition import UNOFFICIAL, definition_on
from .force import Force, force
from .formulas import COUNTED, FORMULAS
from .indicators import Indicators
from .people import People
from .share import Share
from .standing import DeskIndicators
from .support import Support, support
from .tasks import WINDOWS, DeskTasks, Month, Official, Restated, Tasks, Window
from .told import Told, ToldRecord, decode_told

__all__ = [
    "ASIDES", "COUNTED", "FORMULAS", "SCOPES", "STREAMS", "UNOFFICIAL", "WINDOWS", "DeskIndicators", "DeskTasks",
    "Force", "Indicators", "Kind", "Month", "Official", "People", "Restated", "Scope", "Share", "Stream", "Support",
    "Tasks", "Told", "ToldRecord", "Window", "decode_told", "definition_on", "force", "forced", "parts", "proof",
    "share", "support",
]  # fmt: skip
