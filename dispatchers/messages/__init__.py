"""Everything a writer can be asked. One msgspec definition is wire form, schema and documentation (`paidan schema`).

Orders are imperatives (`AcceptAssignment`), letters go from writer to writer (DESIGN law 7). Instants are integer
milliseconds since 1970 UTC on the run's clock, except in the public wire form of complaints (`WireComplaint`), which
carries RFC 3339 with a zone.
"""

from .intake import Filed as Filed
from .intake import ForgetReporter as ForgetReporter
from .intake import IntakeMessage as IntakeMessage
from .intake import Misplaced as Misplaced
from .intake import Near as Near
from .intake import Place as Place
from .intake import Unreadable as Unreadable
from .letters import *
from .orders import *
from .wire import *
from .words import *
