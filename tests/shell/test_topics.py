"""topics.yaml against a real broker, and against what was generated from it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from streams import local, topics

DAY = 86_400_000


@pytest.fixture
def admin(kafka: str) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=kafka)
    yield client
    client.close()


def a_topic(key: str | None = "case", partitions: int = 2, retention: int = DAY) -> topics.Topic:
    config = topics.Config(
        cleanup_policy="delete",
        message_timestamp_type="LogAppendTime",
        max_message_bytes=1024,
        retention_ms=retention,
    )
    return topics.Topic(
        description="of this test",
        key=key,
        partitions=partitions,
        config=config,
        producers=["desk"],
        consumers=["tell"],
        payload="Thing",
    )


def test_applying_twice_changes_nothing(admin: KafkaAdminClient) -> None:
    """The first apply creates, the second finds nothing to do, and check is content."""
    spec = {"twice": a_topic()}
    assert topics.apply(admin, spec, 1) == ["twice: create, 2 partitions"]
    assert topics.apply(admin, spec, 1) == []
    topics.check(admin, spec)


def test_the_sessions_topics_are_those_of_the_file(admin: KafkaAdminClient) -> None:
    """All of topics.yaml is on the broker as declared, so nothing in it is refused or rewritten by a real Kafka."""
    spec = topics.load()
    topics.check(admin, spec)
    there = {t["name"]: len(t["partitions"]) for t in admin.describe_topics()}
    assert {name: t.partitions for name, t in spec.items()} == {name: there[name] for name in spec}


def test_a_changed_setting_is_planned_and_altered(admin: KafkaAdminClient) -> None:
    """A new retention is one line of the plan and then the broker's; a plan alone changes nothing."""
    topics.apply(admin, {"altered": a_topic()}, 1)
    new = {"altered": a_topic(retention=2 * DAY)}
    line = f"altered: retention.ms from {DAY} to {2 * DAY}"
    assert topics.plan(admin, new) == [line]
    assert topics.plan(admin, new) == [line]
    assert topics.apply(admin, new, 1) == [line]
    assert topics.plan(admin, new) == []


def test_a_setting_made_by_hand_goes_back_to_the_default(admin: KafkaAdminClient) -> None:
    """What someone set on a topic, and the file does not say, is found and taken back."""
    spec = {"by-hand": a_topic()}
    topics.apply(admin, spec, 1)
    admin.alter_configs([ConfigResource("TOPIC", "by-hand", {"segment.ms": ("SET", "60000")})])
    with pytest.raises(topics.TopicError, match=r"by-hand: segment\.ms from 60000 to default"):
        topics.check(admin, spec)
    topics.apply(admin, spec, 1)
    topics.check(admin, spec)


@pytest.mark.parametrize(("key", "partitions"), [("case", 3), ("case", 1), (None, 1)])
def test_a_keyed_topic_never_grows_and_none_shrinks(admin: KafkaAdminClient, key: str | None, partitions: int) -> None:
    """Apply refuses before it touches anything, also the other topics of the same file."""
    name = f"refused-{key}-{partitions}"
    topics.apply(admin, {name: a_topic(key)}, 1)
    wanted = {"beside-" + name: a_topic(), name: a_topic(key, partitions)}
    for attempt in (lambda: topics.plan(admin, wanted), lambda: topics.apply(admin, wanted, 1)):
        with pytest.raises(topics.TopicError, match=f"{name}: has 2 partitions, topics.yaml says {partitions}"):
            attempt()
    there = {t["name"]: len(t["partitions"]) for t in admin.describe_topics()}
    assert there[name] == 2
    assert "beside-" + name not in there


def test_a_topic_without_key_grows(admin: KafkaAdminClient) -> None:
    """Where no key chooses the partition, more of them harm no order."""
    topics.apply(admin, {"growing": a_topic(None)}, 1)
    assert topics.apply(admin, {"growing": a_topic(None, 3)}, 1) == ["growing: grow from 2 to 3 partitions"]


def test_an_undeclared_or_missing_topic_stops_the_start(admin: KafkaAdminClient) -> None:
    """Check names what the file does not declare, and what the broker does not have."""
    with pytest.raises(topics.TopicError, match=r"gossip: is not declared in topics\.yaml"):
        topics.check(admin, topics.load(), needed=["complaints", "gossip"])
    with pytest.raises(topics.TopicError, match="never-made: create, 2 partitions"):
        topics.check(admin, {"never-made": a_topic()})


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"retention": 1}, r"complaints: Object contains unknown field `retention`"),
        ({"config": {"retention.hours": 1}}, r"complaints: .*unknown field `retention.hours` - at `\$\.config`"),
        ({"partitions": "many"}, r"complaints: .*`\$\.partitions`"),
        ({"partitions": 0}, "complaints: `partitions` must be at least 1"),
        ({"consumers": []}, "complaints: `producers` and `consumers` must each name a service"),
        ({"key": None, "config": {"cleanup.policy": "compact", "retention.ms": None}}, "complaints: `key` must be"),
        ({"config": {"retention.ms": None}}, "complaints: `retention.ms` must be stated"),
    ],
)
def test_a_fault_in_the_file_names_topic_and_field(tmp_path: Path, change: dict, fault: str) -> None:
    """Each fault of the file is told with the topic and the field it is in."""
    entry = yaml.safe_load(topics.FILE.read_text("utf-8"))["complaints"]
    change = {**change, "config": {**entry["config"], **change.get("config", {})}}
    file = tmp_path / "topics.yaml"
    file.write_text(yaml.safe_dump({"complaints": {**entry, **change}}), "utf-8")
    with pytest.raises(topics.TopicError, match=fault):
        topics.load(file)


def test_every_keyed_topic_but_the_small_ones_has_32_partitions() -> None:
    """So that each log has the partitions of its inbox."""
    spec = topics.load()
    one = {"city-packs", "accounts", "audit"}
    assert {name: 1 if name in one else 32 for name in spec} == {name: t.partitions for name, t in spec.items()}


def test_nothing_that_decides_is_forgotten() -> None:
    """Logs and receipts are kept for ever and never compacted, with the broker's clock."""
    spec = topics.load()
    for name in ("desk-log", "complaint-receipts", "event-receipts"):
        config = spec[name].config
        assert ("delete", -1, "LogAppendTime") == (
            config.cleanup_policy,
            config.retention_ms,
            config.message_timestamp_type,
        )


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    """No $ref leads nowhere, and a schema that is given stands in place of the empty one."""
    document = topics.asyncapi(topics.load(), {"Complaint": {"type": "object"}})
    assert document["components"]["schemas"]["Complaint"] == {"type": "object"}

    def walk(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ([node["$ref"]] if "$ref" in node else [])
            for child in node.values():
                yield from walk(child)

    references = list(walk(json.loads(msgspec.json.encode(document))))
    assert references
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_a_service_may_do_what_the_file_says_and_nothing_else() -> None:
    """The desk may write its log; tell and the gateway may only read it; an adaptor may do neither."""
    users = {user["metadata"]["name"]: user for user in yaml.safe_load_all(topics.acls(topics.load()))}

    def operations(service: str) -> list[str]:
        rules = users[f"paidan-{service}"]["spec"]["authorization"]["acls"]
        return [o for rule in rules if rule["resource"]["name"] == "desk-log" for o in rule["operations"]]

    assert operations("desk") == ["Read", "Write", "Describe", "DescribeConfigs"]
    assert operations("tell") == ["Read", "Describe", "DescribeConfigs"]
    assert operations("gateway") == ["Read", "Describe", "DescribeConfigs"]
    assert operations("adaptor") == []


def test_every_topic_is_in_the_readmes_table() -> None:
    """One row each, under one head of as many columns."""
    rows = topics.readme_table(topics.load()).splitlines()
    assert [f"`{name}`" for name in topics.load()] == [row.split(" | ")[0].removeprefix("| ") for row in rows[2:]]
    assert len({row.count("|") for row in rows}) == 1


def test_the_compose_file_is_valid_and_has_the_broker_of_local() -> None:
    """It keeps to the Compose specification, and containers and laptops run the same Kafka."""
    file = topics.ROOT / "deploy/compose.yaml"
    order = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    services = yaml.safe_load(file.read_text("utf-8"))["services"]
    assert services["kafka"]["image"] == f"apache/kafka:{local.KAFKA}"
