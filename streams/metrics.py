"""All metrics of Paidan, in one place, with their meaning: a misspelt name is a type error, not an empty graph.

1. Names are `paidan_*`; times are seconds, counters end in `_total`. Official numbers are gauges folded from the log:
   a counter forgets at a restart (domain.md §2.5).
2. Labels come from the closed sets declared beside each metric: never a case, a person, an address, a text.
3. A value outside its set is counted as "other", in production and in tests alike: a metric is no reason to stop
   dispatching, and a wrong label must not make a million series. Tests hold that the sets are complete. (Rejected:
   raising in tests only, which is another program than the one that runs.)
4. Ages and latencies of people are seconds of the run's clock; those of the machine are wall seconds.

One registry per kind of process, with what is told there and nothing else: a zero of a process that has no such number
would be a lie. Each is scraped by itself; sums over processes are PromQL's. At most 3,000 series each (a test counts).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import product
from math import prod
from typing import Any, Generic, Literal, TypeVar, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from dispatchers import events, messages
from dispatchers.case import Status
from dispatchers.record import RULES
from dispatchers.refusals import REFUSALS
from dispatchers.rows.base import Tier

from . import faults

disable_created_metrics()  # a second series for each, which nobody asks
Process = Literal["desk", "tell", "archive", "gateway", "replies", "notify", "targets"]
PROCESSES: tuple[Process, ...] = get_args(Process)
REGISTRIES: dict[Process, CollectorRegistry] = {name: CollectorRegistry() for name in PROCESSES}
OTHER = "other"
MOST_DESKS = 12  # a prefecture has at most nine counties and zones, and its own
M = TypeVar("M", Counter, Gauge, Histogram)


class Names(Collection[str]):
    """A set that the city pack closes at the start of a process: at most `most` names."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._names: set[str] = set()

    def declare(self, names: Iterable[str]) -> None:
        """Add names, as far as there is room; the others are "other"."""
        new = sorted(set(names) - self._names)  # a name that is said twice takes one place
        self._names.update(new[: self.most - len(self._names)])

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


class Family(Generic[M]):
    """A metric with labels: `family.of("desk-log").inc()`, the values in the order in which they were declared."""

    def __init__(
        self,
        kind: type[M],
        name: str,
        text: str,
        more: dict[str, Any],
        labels: dict[str, Collection[str]],
        told_by: tuple[Process, ...],
    ) -> None:
        self.labels, self.told_by = labels, told_by
        self.metric: M = kind(name, text, list(labels), registry=None, **more)
        for process in told_by:
            REGISTRIES[process].register(self.metric)
        self._children: dict[tuple[str, ...], Any] = {}

    def of(self, *values: str) -> M:
        """The series of these label values; one outside its set is "other"."""
        if not self.labels:
            return self.metric
        child = self._children.get(values)
        if child is None:
            closed = [v if v in known else OTHER for v, known in zip(values, self.labels.values(), strict=True)]
            child = self.metric.labels(*closed)
            if list(values) == closed:  # strangers are not remembered: there may be any number
                self._children[values] = child
        return child

    @property
    def most_series(self) -> int:
        """How many label combinations there can be, strangers included."""
        return prod(getattr(known, "most", len(known)) + 1 for known in self.labels.values())

    def zero(self) -> None:
        """Make every series now: `increase()` does not see the first step of a series born at 1."""
        for values in product(*self.labels.values()):
            self.of(*values)

    def series(self) -> list[tuple[str, ...]]:
        """Label values of the series there are."""
        return list(self._children)

    def drop(self, *first: str) -> None:
        """Forget the series whose labels begin so: what they told is another process's now."""
        for values in [v for v in self._children if v[: len(first)] == first]:
            del self._children[values]
            self.metric.remove(*values)


class _Told:
    """Declares the families that some kinds of processes tell."""

    def __init__(self, *processes: Process) -> None:
        self._by = processes

    def counter(self, name: str, text: str, /, **labels: Collection[str]) -> Family[Counter]:
        """What only grows."""
        return Family(Counter, name, text, {}, labels, self._by)

    def gauge(self, name: str, text: str, /, **labels: Collection[str]) -> Family[Gauge]:
        """What is so now."""
        return Family(Gauge, name, text, {}, labels, self._by)

    def histogram(
        self, name: str, text: str, buckets: tuple[float, ...], /, **labels: Collection[str]
    ) -> Family[Histogram]:
        """How long something took."""
        return Family(Histogram, name, text, {"buckets": buckets}, labels, self._by)


_all, _desk, _tell = _Told(*PROCESSES), _Told("desk"), _Told("tell")
_replies, _notify, _gateway, _targets = _Told("replies"), _Told("notify"), _Told("gateway"), _Told("targets")

# -- label sets --------------------------------------------------------------------------------------------------------

DESKS = Names(MOST_DESKS)
DEFINITIONS = Names(6)
CAPABILITIES = Names(22)  # of the gateway's access.py, declared by it
INBOXES = ("complaints", "city-events", "desk-inbox")
LOGS = ("complaint-receipts", "event-receipts", "desk-log")
WRITERS = ("intake", "desk")
STATUSES = tuple(s.value for s in Status)
PRIORITIES = ("0", "1", "2", "3")
VIEWS = ("board", "push")
PUSHED = (
    "offer", "work_order", "interim", "extended", "rework", "kept", "urged", "supervised", "limit", "request",
    "withdrawn", "look",
)  # fmt: skip
CASE_EVENTS = tuple(e.__name__ for e in events.CASE_EVENTS)
CAUSES = (
    *(m.__name__ for kind in (messages.IntakeMessage, messages.DeskMessage) for m in get_args(kind)),
    "EpochOpened",
)
UNREADABLE = (*get_args(faults.Reason), "no_desk_here", "rule_failed")
GROUPS = ("paidan-desk", "paidan-tell", "paidan-archive")
REPLIES = ("progress", "reply", "closed", "rejected", "transferred")
REPLY_STATES = ("acknowledged", "pending", "dead", "by_topic")
CHANNELS = ("webhook", "webpush", "worknotice", "mqtt")
POSTED = ("accepted", "refused", "gone", "failing", "timeout", "unreachable")
ATTEMPTS = ("1", "2", "3", "more")
RETURN_REASONS = (*get_args(messages.ReturnReason), "not_theirs")  # the last: a review found that it never was
CAUSES_UP = (*get_args(messages.Cause), "overdue", "repeated", "operator_silent", "reworked_too_often")
# Limits that the city's own rows add to an item's are "other".
MISSED = (
    "reply", "dispose", "operator", "verify", "arrive", "check", "close", "callback", "approve", "dispute", "request",
    "penalty_decision", "criminal",
)  # fmt: skip
LATE = ("1h", "1d", "3d", "more")
TIERS = (*get_args(Tier), "none")  # none: closed by force, by nobody's disposal
TARGET_STREAMS = ("general", "simple", "nonpenalty", "self", "all")
TARGET_WINDOWS = ("today", "month", "year", "d30")
TARGET_BESIDE = ("towns", "broad", "unmarked_num", "unmarked_den", "forced", "due_open")
TARGET_ASIDES = ("routed_dept", "other", "merged", "transferred", "cancelled", "residual")
TARGET_READINGS = ("headline", "attendance", "posting", "certified", "auxiliaries")
TARGET_SUPPORT = ("money", "budget", "vehicle", "vessel", "recorder", "terminal")

EMPLOYMENTS = ("formal", "aux")
# domain.md §3; formulas in dispatchers/targets/indicators.py.
INDICATORS = (
    "reported_valid", "registered", "registered_on_time", "registered_right", "dispatched", "dispatched_on_time",
    "dispatched_right", "disposed", "disposed_on_time", "overdue_waiting", "extended", "closed", "closed_on_time",
    "reworked", "checked_on_time", "missed", "by_public",
)  # fmt: skip
COUNTS = (
    "reworks", "suspended_now", "suspended_ever", "suspensions", "backlog", "rejected", "not_registered", "cancelled",
    "overdue", "exempt",
)  # fmt: skip

# A machine's steps, in seconds: around what one core needs.
QUICK = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
# The broker's: a few milliseconds are usual, seconds are an outage.
BROKER = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
# A message's wait for its decision: usual are milliseconds, minutes are an outage.
WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0)
# Taking partitions: goals at 1 (planned), 3 (killed), 5 (a large desk), 12 (without a restart).
RECOVERIES = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 12.0, 30.0, 120.0)
# The promise to the caller: goals of the issue at .03, .12, .25; the upper ones are outages.
OFFER = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# People's: leases are 1 to 30 minutes.
PEOPLE = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 14400.0)

# -- every process ----------------------------------------------------------------------------------------------------

# 1 beside the version of the rules that this process decides or folds by.
rules_info = _all.gauge("paidan_rules_info", "Version of the rules", rules=(RULES,))
# Records that continue no chain: a zombie's (law 4). Seen by writers at their own appends and by readers.
void_records = _all.counter("paidan_void_records_total", "Void records seen", log=LOGS)

# -- intake and desk ---------------------------------------------------------------------------------------------------

# Messages fetched from an inbox. "decided" got a record; "silent" needed none (law 1).
messages_received = _desk.counter(
    "paidan_messages_received_total", "Inbox messages", topic=INBOXES, outcome=("decided", "silent")
)
# Records acknowledged in a log, by what they were decided on.
records = _desk.counter("paidan_records_total", "Records decided and acknowledged", writer=WRITERS, cause=CAUSES)
# Orders and reports refused (`OrderRefused`), by the desk's reason.
orders_refused = _desk.counter("paidan_orders_refused_total", "Orders refused", reason=REFUSALS)
# What came twice: a complaint of a known number, an order of a known id.
duplicates = _desk.counter("paidan_duplicates_total", "Messages that came twice", kind=("complaint", "order"))
# Wall seconds of deciding one message, appending excluded.
decide_seconds = _desk.histogram("paidan_decide_seconds", "Time to decide a message", QUICK, writer=WRITERS)
# Wall seconds from handing a batch of records to the producer to its acknowledgement by all replicas.
append_seconds = _desk.histogram("paidan_append_seconds", "Time until a batch is acknowledged", BROKER, log=LOGS)
# Letters acknowledged in their receiver's inbox (law 7), posted again ones included.
letters_posted = _desk.counter("paidan_letters_posted_total", "Letters posted", log=LOGS)
# Letters with a number beyond the next. Each is a bug or a lost message: alarm.
letter_gaps = _desk.counter("paidan_letter_gaps_total", "Letters beyond the next number", sender=("intake", "desk"))
# Messages kept in dead-letters, acknowledged there, by the topic they came from.
dead_letters = _desk.counter("paidan_dead_letters_total", "Messages put aside", topic=INBOXES, reason=UNREADABLE)
# Wake-ups posted to a desk's own inbox (law 6).
wake_ups = _desk.counter("paidan_wake_ups_total", "Wake-ups posted", desk=DESKS)
# Snapshots written whole.
snapshots = _desk.counter("paidan_snapshots_total", "Snapshots written", log=LOGS)

# Wall seconds from a message's append to its inbox to its decision: how far behind the desks are in time.
inbox_wait_seconds = _desk.histogram("paidan_inbox_wait_seconds", "From an inbox to the decision", WAITS, topic=INBOXES)
# Wall seconds from being given partitions to deciding again: their logs folded, letters posted again.
recovery_seconds = _desk.histogram("paidan_recovery_seconds", "Time to take partitions", RECOVERIES)
# Offers to squads and orders to units by their number in the life of the case: all after the first are hops.
offers = _desk.counter("paidan_offers_total", "Offers and orders made", attempt=ATTEMPTS)
# Offers that ran out without an answer.
leases_expired = _desk.counter("paidan_leases_expired_total", "Offers that nobody answered")
# Assignments given back (`AssignmentReturned`), by the coded reason.
returns = _desk.counter("paidan_returns_total", "Assignments given back", reason=RETURN_REASONS)
# Cases that went to another desk.
hand_overs = _desk.counter("paidan_hand_overs_total", "Cases handed to another desk")
# Cases raised by a level, by cause.
escalations = _desk.counter("paidan_escalations_total", "Cases raised by a level", cause=CAUSES_UP)
# Limits and stages that passed without their act (`DeadlineMissed`).
deadlines_missed = _desk.counter("paidan_deadlines_missed_total", "Limits that passed", stage=MISSED)
# Reports that came later than they happened by the sender's clock, by how much at most (a device that was offline).
late_reports = _desk.counter("paidan_late_reports_total", "Reports of what was long ago", late=LATE)

# -- tell --------------------------------------------------------------------------------------------------------------

# Wall seconds from the broker's append of the complaint to the acknowledged entry in the squad's stream; first offers.
offer_latency_seconds = _tell.histogram(
    "paidan_offer_latency_seconds", "From complaint received to first offer", OFFER, priority=PRIORITIES
)
# Seconds of the run's clock from an offer to its acceptance by a human, as decided.
ack_latency_seconds = _tell.histogram(
    "paidan_ack_latency_seconds", "From offer to acceptance", PEOPLE, priority=PRIORITIES
)
# Entries acknowledged in squads' and units' streams; entries of a rebuild are not counted again.
push_sent = _tell.counter("paidan_push_sent_total", "Entries in the streams of squads and units", kind=PUSHED)
# Public events acknowledged in case-events; after a crash the last second is published, and counted, again.
facts_published = _tell.counter("paidan_facts_published_total", "Public events", type=CASE_EVENTS)
# Replies acknowledged in `replies`; after a crash the last second is published, and counted, again.
replies_published = _tell.counter("paidan_replies_published_total", "Replies to sources", kind=REPLIES)
# Views that were written anew because Redis did not hold what we wrote last.
redis_rebuilds = _tell.counter("paidan_redis_rebuilds_total", "Views written anew", view=VIEWS)
# 1 while writing to Redis fails and is tried again.
redis_waiting = _tell.gauge("paidan_redis_waiting", "Whether a view waits for Redis", view=VIEWS)
# Cases a desk holds, by status; their sum is what is open.
cases = _tell.gauge("paidan_cases", "Cases a desk holds", desk=DESKS, status=STATUSES)
# Open cases without anybody: waiting for a team or for the operator.
cases_unassigned = _tell.gauge("paidan_cases_unassigned", "Open cases nobody has", desk=DESKS)
# Age on the run's clock of the oldest such case since its registration; 0: there is none.
oldest_age_seconds = _tell.gauge(
    "paidan_case_oldest_age_seconds", "Age of the oldest case", desk=DESKS, of=("open", "unassigned")
)

# Open cases by status and priority, of all desks that this process tells of.
open_cases = _tell.gauge("paidan_open_cases", "Open cases", status=STATUSES, priority=PRIORITIES)
# Age on the run's clock of the oldest of them since its registration; 0: there is none.
open_oldest = _tell.gauge(
    "paidan_open_oldest_age_seconds", "Age of the oldest open case", status=STATUSES, priority=PRIORITIES
)

# -- replies -----------------------------------------------------------------------------------------------------------

# Replies kept in the topic: to sources with a webhook by where they stand (what was sent is the sum of these three),
# and beside them those to sources that read the topic itself.
replies = _replies.gauge("paidan_replies", "Replies to sources, by where they stand", state=REPLY_STATES)
# Age on the run's clock of the oldest reply that no webhook has acknowledged; 0: there is none.
replies_oldest = _replies.gauge("paidan_replies_oldest_pending_age_seconds", "Age of the oldest reply not acknowledged")
# Tries to deliver a reply, by how the source's server answered.
reply_attempts = _replies.counter("paidan_reply_attempts_total", "Tries to deliver a reply", outcome=POSTED)

# -- notify ------------------------------------------------------------------------------------------------------------

# Tries to take an offer further through a channel beside the squad's own page, by what became of them.
notify_attempts = _notify.counter(
    "paidan_notify_attempts_total",
    "Tries to take an offer further",
    channel=CHANNELS,
    result=get_args(messages.PushResult),
)
# Open offers to squads that no device has received.
notify_pending = _notify.gauge("paidan_notify_pending", "Offers that no device has received")
# Age on the run's clock of the oldest of them; 0: there is none.
notify_oldest = _notify.gauge("paidan_notify_oldest_pending_age_seconds", "Age of the oldest of them")
# Squads of which a device was heard lately (R46); no number while Redis is away.
nodes_online = _notify.gauge("paidan_nodes_online", "Squads whose terminal is there", desk=DESKS)
# Squads that must have a device.
nodes_required = _notify.gauge("paidan_nodes_required", "Squads that must have a terminal", desk=DESKS)

# -- gateway -----------------------------------------------------------------------------------------------------------

# Requests by what was asked for (access.Capability; "" is who signs in), and their answers: below 400, 4xx, 5xx.
http_requests = _gateway.counter(
    "paidan_http_requests_total",
    "Requests of people and programs",
    what=CAPABILITIES,
    outcome=("ok", "refused", "failed"),
)
# Wall seconds from a request to its answer; streams are not in it.
http_seconds = _gateway.histogram("paidan_http_seconds", "Time to an answer", (0.005, 0.02, 0.1, 0.3, 1.0, 3.0))
# Browsers that are told what changes.
stream_readers = _gateway.gauge("paidan_stream_readers", "Browsers on the stream")
# Devices on the stream of notices, and those that ask for them by long poll.
squad_readers = _gateway.gauge("paidan_squad_readers", "Devices that listen for their notices")
# Wall seconds since the gateway last knew that it had read all there is; -1: never yet.
gateway_behind = _gateway.gauge("paidan_gateway_behind_seconds", "How old what is shown may be")

# -- targets -----------------------------------------------------------------------------------------------------------

# First of the three 80 % numbers (domain.md §2.2, scope strict): cases closed by a grassroots squad (num), all that
# count (den), by the day of closing in the city's zone. `all` is the union of the first three, `self` is in none: never
# sum over `stream`. den 0: no data.
target_cases = _targets.gauge(
    "paidan_target_cases",
    "Closed enforcement cases",
    part=("num", "den"),
    stream=TARGET_STREAMS,
    window=TARGET_WINDOWS,
    desk=DESKS,
)
# What stands beside it, of the whole city: numerators of the other two scopes, both parts of the series without what
# was sent down just before a month's end, closings by force (in den), open cases that are overdue now (R1_due).
target_beside = _targets.gauge(
    "paidan_target_beside_cases", "Cases beside the first number", part=TARGET_BESIDE, window=TARGET_WINDOWS
)
# Cases that ended this month and are no task of R1, by why; `residual`: of no known sort.
target_asides = _targets.gauge("paidan_target_asides_cases", "Ended cases that do not count", sort=TARGET_ASIDES)
# Cases that were taken back from a month after it was final.
target_restatements = _targets.gauge("paidan_target_restatements", "Corrections of frozen months")
# Second number (domain.md §2.3), today: formal officers who serve at the grassroots (num), all (den), by attendance or
# by posting documents, of the certified ones; auxiliaries apart. `headline` is the one that the definition names.
target_force = _targets.gauge(
    "paidan_target_force_officers", "Officers by where they serve", part=("num", "den"), reading=TARGET_READINGS
)
# Third number (domain.md §2.4), year to date: fen spent for the grassroots (num) and in all (den), the budget of the
# year, and things in service by where they are used.
target_support = _targets.gauge(
    "paidan_target_support", "Support by where it goes: fen, or things", part=("num", "den"), of=TARGET_SUPPORT
)
# 1: this part is not computed, because its data are wrong or missing; then its num and den are 0.
target_uncomputable = _targets.gauge(
    "paidan_target_uncomputable", "Whether a number cannot be computed", of=("force", *TARGET_SUPPORT)
)
# Cases closed and closings taken back since this process came live, by the lead's tier: for traffic and trends only;
# what it read of the past is not in it. Official numbers are the gauges above.
tasks_closed = _targets.counter(
    "paidan_tasks_closed_total", "Enforcement cases closed", tier=TIERS, stream=TARGET_STREAMS[:4], desk=DESKS
)
# Closings taken back likewise: reopened cases.
tasks_retracted = _targets.counter(
    "paidan_tasks_retracted_total", "Closings taken back", stream=TARGET_STREAMS[:4], desk=DESKS
)
# 1 while the past is read: no number is set before it is.
replaying = _targets.gauge("paidan_targets_replaying", "Whether the past is being read")
# 1 beside the version of the definition in force.
definition_info = _targets.gauge("paidan_definition_info", "Definition of the numbers", version=DEFINITIONS)
# Instant (run's clock) of the newest record folded into it.
target_watermark = _targets.gauge("paidan_target_watermark_timestamp_seconds", "Newest record in the numbers")
# Instant (run's clock) at which the numbers were last set: "today" ends without a record.
target_shown = _targets.gauge("paidan_target_shown_timestamp_seconds", "When the numbers were last set")

# -- targets: people and work (domain.md §1E), and the indicators of the trade (§3) ------------------------------------

# Squad-seconds of this week (num: with two certified formal officers on duty, R77; den: all of it).
duty_cover = _targets.gauge("paidan_duty_cover_seconds", "Time with a pair on duty", part=("num", "den"), desk=DESKS)
# People in squads, today (R78: auxiliaries must not be more than formal officers).
force_people = _targets.gauge("paidan_force_people", "People in squads", employment=EMPLOYMENTS, desk=DESKS)
# Formal officers that squads should have by the norm of each (R76), and have.
staffing_officers = _targets.gauge(
    "paidan_staffing_officers", "Officers by norm and present", part=("norm", "present"), desk=DESKS
)
# Cases of this month that a town found and may not punish 看得见、管不着 (R37).
seen_not_governable = _targets.gauge("paidan_seen_not_governable_cases", "Cases found without power", desk=DESKS)
# How unequal the open load per pair is between squads (R38), by Gini: 0 all alike, near 1 all on one.
load_gini = _targets.gauge("paidan_load_gini_ratio", "Inequality of load", desk=DESKS)
# The largest open load per pair of a squad, as a multiple of the median squad's (R38).
load_peak = _targets.gauge("paidan_load_peak_ratio", "Largest load by the median", desk=DESKS)
# Both parts of each indicator, of this month; never sum over `indicator`. den 0: no data.
indicator_cases = _targets.gauge(
    "paidan_indicator_cases", "Parts of an indicator", indicator=INDICATORS, part=("num", "den"), desk=DESKS
)
# What is counted beside them, of this month (suspended_now, backlog: now).
indicator_counts = _targets.gauge("paidan_indicator_counts", "Counts beside the indicators", of=COUNTS, desk=DESKS)

# -- targets: the system -----------------------------------------------------------------------------------------------

# First day of the first year whose days off the city's pack does not know: limits in working time that end after it are
# guessed. Alarm long before: the notice for a year comes out in the last months of the one before.
calendar_unknown = _targets.gauge(
    "paidan_calendar_unknown_from_timestamp_seconds", "From when on the calendar is not known"
)
# Records behind the end, summed over partitions. For desk-inbox "done" means decided: it is read from the log.
consumer_lag = _targets.gauge(
    "paidan_consumer_lag_records", "Records not yet dealt with", group=GROUPS, topic=(*INBOXES, "desk-log")
)
# Wall seconds since the oldest record not yet dealt with was appended; 0: there is none.
consumer_behind = _targets.gauge(
    "paidan_consumer_behind_seconds",
    "Age of the oldest record not dealt with",
    group=GROUPS,
    topic=(*INBOXES, "desk-log"),
)
# When the lag was last measured (wall clock): a lag that is not measured looks like none.
lag_measured = _targets.gauge("paidan_lag_measured_timestamp_seconds", "Last measurement of the lag")

FAMILIES: dict[str, Family[Any]] = {n: f for n, f in list(globals().items()) if isinstance(f, Family)}


def told_by(process: Process) -> list[Family[Any]]:
    """What a kind of process tells."""
    return [family for family in FAMILIES.values() if process in family.told_by]


def serve(process: Process, port: int, address: str = "127.0.0.1") -> None:
    """Serve this process's /metrics; port 0: do not.

    Counters begin at 0 here, not with their first step, which `increase()` would not see (domain.md §2.5 pitfall 2);
    those by desk when the desks are declared.
    """
    for family in told_by(process):
        if not isinstance(family.metric, Gauge):
            family.zero()
    rules_info.of(RULES).set(1)
    if port:
        ProcessCollector(registry=REGISTRIES[process])
        start_http_server(port, address, registry=REGISTRIES[process])
