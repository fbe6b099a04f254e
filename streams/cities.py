"""Versions of the city, as published to `city-packs` by their hash (law 12), with the outlines to look places up in."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from dispatchers.city import City
from dispatchers.rows import CityPack

from .city_files import from_published, version
from .kafka_io import ends, read_ranges, reader

if TYPE_CHECKING:
    from .geo import Geo

_PACKS = TopicPartition("city-packs", 0)


class UnknownCityError(Exception):
    """A log decides by a version that is not published."""


class Known:
    """One version, ready."""

    def __init__(self, city: City) -> None:
        self.city = city

    @cached_property
    def geo(self) -> Geo:
        """Made when first asked for: intake alone looks places up, and shapely with numpy is 15 MB to all others."""
        from .geo import Geo

        return Geo(self.city.pack)


class Cities:
    """The versions this process has read. `configured` is the folder's, with which a new desk begins."""

    def __init__(self, kafka: str, pack: CityPack) -> None:
        self._kafka = kafka
        self.configured = Known(City(pack, version(pack)))
        self._known = {self.configured.city.version: self.configured}

    def of(self, wanted: str) -> Known:
        """A version that was made sure of by `ensure`; "" is the configured one."""
        return self._known[wanted] if wanted else self.configured

    async def ensure(self, wanted: str) -> bool:
        """Whether the version is there, reading `city-packs` if need be."""
        if wanted and wanted not in self._known:
            await self._read(wanted)
        return not wanted or wanted in self._known

    async def require(self, wanted: str) -> None:
        """As `ensure`; raises UnknownCityError."""
        if not await self.ensure(wanted):
            raise UnknownCityError(f"city version {wanted} is not in city-packs: `paidan city publish` its folder")

    async def _read(self, wanted: str) -> None:
        async with reader(self._kafka) as consumer:
            bounds = await ends(consumer, [_PACKS])
            async for _, records in read_ranges(consumer, bounds):
                for record in records:
                    if record.key == wanted.encode() and record.value:
                        pack = from_published(record.value)
                        self._known[wanted] = Known(City(pack, wanted))
