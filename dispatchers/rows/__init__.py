"""The rows of a city pack: everything that differs between two cities, and everything that has a date (DESIGN §7).

Plain data, no behaviour: `streams/city_files.py` fills them from a folder, `city.py` asks questions of them, and the
whole `CityPack` is what is published to `city-packs` under its hash. Dates are calendar days in the city's zone; a row
is in force from `valid_from` up to and including `valid_to` (None: until further notice). `source` says where a row is
from; `source = "model"` marks what was invented from norms and is not a fact.
"""

from .base import *
from .city import *
from .law import *
from .people import *
from .targets import *
from .ways import *
