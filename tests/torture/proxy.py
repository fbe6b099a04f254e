"""A network that can be bad: a TCP proxy between one process and its broker, in a thread of its own.

A Kafka client connects again to whatever address the broker advertises. So `ProxiedKafka` has a second listener that
advertises the proxy's port: who bootstraps there stays behind the proxy, all others speak to the broker directly.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from streams.local import EmbeddedKafka, free_port

CHUNK = 16 * 1024


class Proxy:
    """127.0.0.1:`port` → 127.0.0.1:`target`, in one of the moods that the attributes say."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self.cut = False  # nothing passes, and nobody is told: neither end sees its connection break
        self.delay = 0.0  # seconds until a chunk is passed on
        self.rate = 0.0  # bytes a second; 0: as fast as it goes
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        """For bootstrap."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        """Break every connection: both ends are told at once."""

        def abort() -> None:
            for writer in self._open:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _serve(self) -> None:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)

    async def _close(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        mine = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:  # the broker is away
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(back)
        ways = [asyncio.create_task(self._pass_on(a, b)) for a, b in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, back):
                end.transport.abort()
                self._open.discard(end)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # an end broke the connection: so does the other
            while chunk := await reader.read(CHUNK):
                while self.cut:
                    await asyncio.sleep(0.02)
                wait = self.delay + (len(chunk) / self.rate if self.rate else 0.0)
                if wait:
                    await asyncio.sleep(wait)
                writer.write(chunk)
                await writer.drain()


class ProxiedKafka(EmbeddedKafka):
    """A broker that also listens for who comes through a proxy, and sends them back there."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.inner, self.outer = free_port(), free_port()

    def proxy(self) -> Proxy:
        """The proxy that it advertises."""
        return Proxy(self.outer, self.inner)

    def _command(self) -> list[str]:
        command = super()._command()  # has written server.properties
        file = self.dir / "server.properties"
        lines = []
        for line in file.read_text("utf-8").splitlines():
            name, _, value = line.partition("=")
            more = {
                "listeners": f",PROXIED://127.0.0.1:{self.inner}",
                "advertised.listeners": f",PROXIED://127.0.0.1:{self.outer}",
                "listener.security.protocol.map": ",PROXIED:PLAINTEXT",
            }
            lines.append(f"{name}={value}{more[name]}" if name in more else line)
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return command
