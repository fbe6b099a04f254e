"""`topics.yaml`, the one source of every topic: read strictly, brought to a broker, and turned into what others need.

1. A topic that is not in the file does not exist; one that differs from it stops the start (`declared.py`).
2. A keyed topic never changes its number of partitions: a case's next message would land elsewhere and overtake the
   last.
3. What is generated (`generated`) is committed, and a test regenerates and compares: nobody edits it by hand.

`make generate` (generate.py) writes the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import yaml

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

ROOT = Path(__file__).parents[1]
FILE = ROOT / "topics.yaml"


class TopicError(Exception):
    """The file, or the broker compared with the file, is not as it must be.

    The text says which topic and what to do.
    """


class Config(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename=lambda n: n.replace("_", "."),
):
    """A topic's settings under the broker's own names; a misspelt one is an error.

    Times in milliseconds, sizes in bytes.
    """

    cleanup_policy: Literal["delete", "compact"]
    message_timestamp_type: Literal["LogAppendTime", "CreateTime"]
    max_message_bytes: int
    retention_ms: int | None = None  # -1 = for ever
    max_compaction_lag_ms: int | None = None
    delete_retention_ms: int | None = None
    segment_ms: int | None = None
    min_cleanable_dirty_ratio: float | None = None

    def __post_init__(self) -> None:
        if (self.cleanup_policy == "delete") != (self.retention_ms is not None):
            raise ValueError(
                "`retention.ms` must be stated with cleanup.policy delete, and has no meaning with compact"
            )


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `topics.yaml`; the head of that file says what each field means."""

    description: str
    key: str | None
    partitions: int
    config: Config
    producers: list[str]
    consumers: list[str]
    payload: str

    def __post_init__(self) -> None:
        if self.partitions < 1:
            raise ValueError("`partitions` must be at least 1")
        if self.key is None and self.config.cleanup_policy == "compact":
            raise ValueError("`key` must be stated: compaction keeps the newest message of each key")
        if not (self.producers and self.consumers):
            raise ValueError("`producers` and `consumers` must each name a service")

    def settings(self, replication: int) -> dict[str, str]:
        """The settings as the broker spells them.

        With three copies two must have a message before it counts; with one that cannot be asked.
        """
        safety = {"min.insync.replicas": "2"} if replication >= 3 else {}
        return {name: str(value) for name, value in msgspec.to_builtins(self.config).items()} | safety


Spec = dict[str, Topic]


def load(path: Path = FILE) -> Spec:
    """Read the file. Raises TopicError naming the topic and the field; all faults at once, since each needs an edit."""
    spec, faults = {}, []
    for name, entry in yaml.safe_load(path.read_text("utf-8")).items():
        try:
            spec[name] = msgspec.convert(entry, Topic)
        except msgspec.ValidationError as fault:
            faults.append(f"{path.name}: {name}: {fault}")
    if faults:
        raise TopicError("\n".join(faults))
    return spec


# ---- The broker


class _Difference(msgspec.Struct):
    missing: list[str] = []
    # topic -> setting -> (there, here); None = the broker's default
    alter: dict[str, dict[str, tuple[str | None, str | None]]] = {}
    grow: dict[str, tuple[int, int]] = {}
    refused: list[str] = []

    def lines(self, spec: Spec) -> list[str]:
        lines = [f"{name}: create, {spec[name].partitions} partitions" for name in self.missing]
        lines += [f"{name}: grow from {there} to {here} partitions" for name, (there, here) in self.grow.items()]
        for name, keys in self.alter.items():
            lines += [f"{name}: {key} from {a or 'default'} to {b or 'default'}" for key, (a, b) in keys.items()]
        return lines


class There(NamedTuple):
    """A topic as it is on a broker."""

    partitions: int
    copies: int
    # What was set on the topic itself; how the whole broker is configured is no business of this file.
    settings: dict[str, str | None]


def _there(admin: KafkaAdminClient, spec: Spec) -> dict[str, There]:
    there = {topic["name"]: topic["partitions"] for topic in admin.describe_topics()}  # metadata only; never creates
    found = [name for name in spec if name in there]
    from kafka.admin import ConfigResource  # here: who only reads the file need not carry 8 MB of administration

    # One request for all: one for each topic would make the check the slowest part of every start.
    stated = admin.describe_configs([ConfigResource("TOPIC", name) for name in found])["topic"] if found else {}
    return {
        name: There(
            len(there[name]),
            len(there[name][0]["replica_nodes"]),
            {k: v["value"] for k, v in stated[name].items() if v["config_source"] == "DYNAMIC_TOPIC_CONFIG"},
        )
        for name in found
    }


def _compare(there: dict[str, There], spec: Spec) -> _Difference:
    difference = _Difference(missing=[name for name in spec if name not in there])
    for name in spec:
        if name not in there:
            continue
        topic, (count, copies, was) = spec[name], there[name]
        if count != topic.partitions:
            if topic.key is None and count < topic.partitions:
                difference.grow[name] = (count, topic.partitions)
            else:
                difference.refused.append(
                    f"{name}: has {count} partitions, {FILE.name} says {topic.partitions}. "
                    "A keyed topic never changes them, and none can shrink: make a new topic and move to it"
                )
        here = topic.settings(copies)
        if keys := {k: (was.get(k), here.get(k)) for k in sorted({*was, *here}) if was.get(k) != here.get(k)}:
            difference.alter[name] = keys
    return difference


def _allowed(admin: KafkaAdminClient, spec: Spec) -> _Difference:
    difference = _compare(_there(admin, spec), spec)
    if difference.refused:
        raise TopicError("\n".join(difference.refused))
    return difference


def plan(admin: KafkaAdminClient, spec: Spec) -> list[str]:
    """What `apply` would do, a line each; nothing if the broker is as the file says.

    Raises TopicError where `apply` would refuse.
    """
    return _allowed(admin, spec).lines(spec)


def apply(admin: KafkaAdminClient, spec: Spec, replication: int) -> list[str]:
    """Make the broker as the file says; return what was done.

    `replication` is the number of copies of each new topic; existing ones keep theirs. Topics that the file does not
    name are left alone: they may be another system's, or hold the last copy of something. Settings that it does not
    state go back to the broker's default. Raises TopicError, before anything is changed, if a keyed topic would have to
    grow or any to shrink.
    """
    import kafka.errors
    from kafka.admin import ConfigResource

    difference = _allowed(admin, spec)
    if difference.missing:
        wanted = {
            name: {
                "num_partitions": spec[name].partitions,
                "replication_factor": replication,
                "configs": spec[name].settings(replication),
            }
            for name in difference.missing
        }
        for answer in admin.create_topics(wanted, raise_errors=False)["topics"]:
            # Two workers may apply at the same time; the second finds it done.
            if (code := answer["error_code"]) not in (0, kafka.errors.TopicAlreadyExistsError.errno):
                kind = kafka.errors.for_code(code).__name__
                raise TopicError(f"{answer['name']}: {kind}: {answer['error_message']}")
        admin.wait_for_topics(list(wanted))
    if difference.grow:
        admin.create_partitions({name: here for name, (_, here) in difference.grow.items()})
    if difference.alter:
        changes = [
            ConfigResource(
                "TOPIC", name, {k: ("DELETE", None) if v is None else ("SET", v) for k, (_, v) in keys.items()}
            )
            for name, keys in difference.alter.items()
        ]
        answers = admin.alter_configs(changes)["topic"]
        if faults := [f"{name}: {answer}" for name, answer in answers.items() if answer != "OK"]:
            raise TopicError("\n".join(faults))
    return difference.lines(spec)


def check(admin: KafkaAdminClient, spec: Spec, needed: Iterable[str] | None = None) -> None:
    """Raise TopicError unless the broker has the `needed` topics (default: all) as the file says.

    A needed name that the file does not have is an error too: the program and the file have drifted apart.
    """
    compared(_there(admin, spec), spec, needed)


def compared(there: dict[str, There], spec: Spec, needed: Iterable[str] | None = None) -> None:
    """As `check`, of what was read of the broker."""
    names = set(spec if needed is None else needed)
    faults = [f"{name}: is not declared in {FILE.name}" for name in sorted(names - spec.keys())]
    difference = _compare(there, {name: topic for name, topic in spec.items() if name in names})
    if faults := faults + difference.refused + difference.lines(spec):
        head = "The topics are not as declared (`paidan topics apply` makes them so where that is safe):"
        raise TopicError("\n".join([head, *faults]))


# ---- What others need


def services(spec: Spec) -> dict[str, dict[str, set[str]]]:
    """For every service the topics it writes and reads: {service: {topic: {"Write", "Read"}}}."""
    table: dict[str, dict[str, set[str]]] = {}
    for name, topic in spec.items():
        for right, who in (("Write", topic.producers), ("Read", topic.consumers)):
            for service in who:
                table.setdefault(service, {}).setdefault(name, set()).add(right)
    return dict(sorted(table.items()))


def _duration(ms: int | None) -> str:
    return "newest of each key" if ms is None else "for ever" if ms < 0 else f"{ms // 86_400_000} d"


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


def readme_table(spec: Spec) -> str:
    """The topics as a Markdown table."""
    head = ["topic", "what", "key", "partitions", "kept", "largest", "from → to", "payload"]
    rows = [head, ["---"] * len(head)]
    for name, t in spec.items():
        kept, largest = _duration(t.config.retention_ms), _size(t.config.max_message_bytes)
        way = f"{', '.join(t.producers)} → {', '.join(t.consumers)}"
        rows.append([f"`{name}`", t.description, t.key or "—", str(t.partitions), kept, largest, way, f"`{t.payload}`"])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _manifests(kind: str, specs: Mapping[str, Any]) -> str:
    documents = [
        {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": kind,
            "metadata": {"name": name, "labels": {"strimzi.io/cluster": "paidan"}},
            "spec": spec,
        }
        for name, spec in specs.items()
    ]
    note = f"# Generated from {FILE.name} by `make generate`. Do not edit.\n"
    return note + yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


def strimzi(spec: Spec, replication: int = 3) -> str:
    """A KafkaTopic for each topic, for the Strimzi operator."""
    return _manifests(
        "KafkaTopic",
        {
            name: {"partitions": t.partitions, "replicas": replication, "config": t.settings(replication)}
            for name, t in spec.items()
        },
    )


def _rule(kind: str, name: str, pattern: str, operations: Iterable[str]) -> dict[str, Any]:
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": list(operations)}


def acls(spec: Spec) -> str:
    """A KafkaUser for each service, `paidan-<service>`, that may do what the file says and nothing else.

    Its consumer groups begin with its own name. DescribeConfigs is what `check` needs at the start; an idempotent
    producer needs no more than Write.
    """
    users = {}
    for service, topics in services(spec).items():
        user = f"paidan-{service}"
        rules = [
            _rule("topic", name, "literal", [*sorted(rights), "Describe", "DescribeConfigs"])
            for name, rights in topics.items()
        ]
        if any("Read" in rights for rights in topics.values()):
            rules.append(_rule("group", user, "prefix", ["Read", "Describe"]))
        users[user] = {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": rules}}
    return _manifests("KafkaUser", users)


# What the Kafka binding of AsyncAPI has words for; the rest is in the file only.
_BOUND = ("cleanup.policy", "retention.ms", "delete.retention.ms", "max.message.bytes")


def _channel(name: str, topic: Topic) -> dict[str, Any]:
    config = {key: value for key, value in msgspec.to_builtins(topic.config).items() if key in _BOUND}
    return {
        "address": name,
        "description": topic.description,
        "messages": {topic.payload: {"$ref": f"#/components/messages/{topic.payload}"}},
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": topic.partitions,
                "topicConfiguration": config | {"cleanup.policy": [topic.config.cleanup_policy]},
                "bindingVersion": "0.5.0",
            }
        },
    }


def asyncapi(spec: Spec, schemas: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """AsyncAPI 3.0 of all channels and of who sends and receives there.

    `schemas` has JSON Schemas by payload name; one that is not given stands as an empty schema, so that every $ref
    resolves.
    """
    payloads = sorted({topic.payload for topic in spec.values()})
    operations = {
        f"{service}.{action}.{name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "tags": [{"name": service}],
        }
        for service, topics in services(spec).items()
        for name, rights in topics.items()
        for action, right in (("send", "Write"), ("receive", "Read"))
        if right in rights
    }
    messages = {name: {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}} for name in payloads}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Paidan 派单", "version": "1", "description": f"Generated from {FILE.name}."},
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, topic) for name, topic in spec.items()},
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {name: {} for name in payloads} | dict(schemas or {}),
        },
    }


def generated(spec: Spec, schemas: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Every generated file: {path from the repository's root: text}."""
    return {
        "deploy/kubernetes/topics.yaml": strimzi(spec),
        "deploy/kubernetes/users.yaml": acls(spec),
        "deploy/asyncapi.json": json.dumps(asyncapi(spec, schemas), ensure_ascii=False, indent=1) + "\n",
    }
