"""What tests share: one real broker and one real Redis for the whole session, started by the first test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from kafka import KafkaAdminClient

from streams import metrics, topics
from streams.local import EmbeddedKafka, EmbeddedRedis

# What they assert is told with its values, as of the tests themselves.
pytest.register_assert_rewrite(*(f"tests.{path.stem}" for path in Path(__file__).parent.glob("support*.py")))

LONGEST = ("/torture/", "/e2e/", "/shell/", "/properties/")  # folders, by how long their files take


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: a torture test asks `request.config.getoption("--long")` how long it should go on."""
    parser.addoption("--long", action="store_true", default=False, help="let torture tests run for their full time")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: `make test` runs files on two processes, and the last one should not be the longest."""
    items.sort(key=lambda item: next((n for n, part in enumerate(LONGEST) if part in str(item.path)), len(LONGEST)))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker with the topics of topics.yaml.

    Shared: a test uses its own keys, groups or topics.
    """
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.address)
        topics.apply(admin, topics.load(), replication=1)
        admin.close()
        yield broker.address


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Redis. Shared: what a test finds there may be another's; `clean_redis` is empty."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.address


@pytest.fixture
def clean_redis(redis_url: str) -> str:
    """URL of a Redis with nothing in it."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return redis_url


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of desks are a closed set of a process; one in which many tests ran has no room for another city's."""
    monkeypatch.setattr(metrics.DESKS, "_names", set())
    for family in metrics.FAMILIES.values():
        monkeypatch.setattr(family, "_children", {})
