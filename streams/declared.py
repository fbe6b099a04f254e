"""No process takes part on topics that are not as declared (topics.yaml): the first thing it asks of its broker.

A process asks for those that it reads or writes: with ACLs it sees no others. Asked with aiokafka, which it has loaded
anyhow: kafka-python's administration costs half a second of every start, and after a kill -9 somebody waits.
"""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from . import topics

_OF_THE_TOPIC = 1  # a setting's source: set on the topic itself


async def require(kafka: str, service: str) -> None:
    """Return if the topics of a service are as declared. Raises topics.TopicError, KafkaError."""
    spec = topics.load()
    needed = sorted(topics.services(spec)[service])
    topics.compared(await _there(kafka, needed), spec, needed)


async def _there(kafka: str, names: list[str]) -> dict[str, topics.There]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        known = await admin.describe_topics()  # all: to ask for one that is not there may create it
        there = {topic["topic"]: topic["partitions"] for topic in known if topic["topic"] in names}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
        answers = await admin.describe_configs(asked) if asked else []
    finally:
        await admin.close()
    settings = dict(_settings(one) for answer in answers for one in answer.resources)
    return {
        name: topics.There(len(partitions), len(partitions[0]["replicas"]), settings[name])
        for name, partitions in there.items()
    }


def _settings(resource: tuple[Any, ...]) -> tuple[str, dict[str, str | None]]:
    _, _, _, name, entries = resource
    return name, {setting: value for setting, value, _, source, *_ in entries if source == _OF_THE_TOPIC}
