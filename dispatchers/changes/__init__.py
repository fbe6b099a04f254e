"""What each event changes of a case: one function per event that changes more than the status, in a table by matter."""

from . import ends, holding, limits, matter
from .table import Changes

CHANGES: Changes = {**matter.CHANGES, **holding.CHANGES, **limits.CHANGES, **ends.CHANGES}
