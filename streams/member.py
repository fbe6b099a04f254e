"""Who this process is in its consumer group, and whether another one has taken its place there.

Workers are static members (KIP-345): one that comes back under its `PAIDAN_WORKER_ID` has its partitions at once. Two
that live under the same id, by a copied unit file or two workers on a machine that gave them no name, take them from
each other for ever: aiokafka joins again when it is told that it is not known, and by that the other one is not known.
So who was replaced ends, with an exit code on which nobody starts it again; the one who came last goes on. Until it
notices it may decide, which is void like any zombie's record (law 4).
"""

from __future__ import annotations

from typing import Any

import structlog
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from .stop import ReplacedError

PATIENCE_MS = 2_000
log = structlog.get_logger(__name__)


class Member:
    """This process as a member of a group. One per process."""

    def __init__(self, kafka: str, group: str, worker: str) -> None:
        self._kafka, self._group, self._worker = kafka, group, worker
        self.instance = f"{group}-{worker}"  # group.instance.id
        self._id = ""  # what the broker called this process when it took its partitions

    def joined(self, member_id: str) -> None:
        """The group knows this process by another id from now on."""
        self._id = member_id

    def replaced(self) -> ReplacedError | None:
        """What to leave with if another process has this one's place. Blocks: who asks has nothing else to do until
        that is known. A broker that does not answer says nothing, and then the session decides as always."""
        if not self._id:
            return None
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self._kafka, bootstrap_timeout_ms=PATIENCE_MS, request_timeout_ms=PATIENCE_MS
            )
            try:
                members: list[dict[str, Any]] = admin.describe_groups([self._group])[self._group]["members"]
            finally:
                admin.close()
        except (KafkaError, OSError) as fault:
            log.warning("who is in the group is not known", fault=f"{type(fault).__name__}: {fault}")
            return None
        others = (one for one in members if one["member_id"] != self._id)
        return ReplacedError(self._worker) if any(o["group_instance_id"] == self.instance for o in others) else None
