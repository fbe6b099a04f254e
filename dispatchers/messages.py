"""Everything a writer can be asked. One msgspec definition is wire form, schema and documentation (`paidan schema`).

Orders are imperatives (`AcceptAssignment`), letters go from writer to writer (DESIGN law 7). Instants are integer
milliseconds since 1970 UTC on the run's clock, except in the public wire form of complaints (`WireComplaint`), which
carries RFC 3339 with a zone.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .case import Case

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=500)]
Long = Annotated[str, msgspec.Meta(max_length=20_000)]
Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Kind = Literal["complaint", "report", "consult", "help", "suggestion", "praise", "event", "component"]
COMPLAINT_KINDS = ("complaint", "report", "consult", "help", "suggestion", "praise")  # topic complaints
EVENT_KINDS = ("event", "component")  # topic city-events

# -- the public wire form ----------------------------------------------------------------------------------------------


class WireCategory(msgspec.Struct, frozen=True, gc=False):
    """What the source calls the matter, in its own scheme."""

    scheme: Id
    code: Id


class WireLocation(msgspec.Struct, frozen=True, gc=False):
    """Where. The datum is mandatory where there are coordinates: GCJ-02 read as WGS-84 is 485 m off in Jiaxing."""

    datum: Datum | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    address: Short = ""


class WireReporter(msgspec.Struct, frozen=True, gc=False):
    """Who. Leaves the message at intake and is encrypted under a key of the case (DESIGN law 11)."""

    name: Short = ""
    phone: Short = ""
    id_number: Short = ""
    note: Short = ""


class WireComplaint(msgspec.Struct, frozen=True, gc=False):
    """A complaint or city event as sources send it to `complaints` or `city-events`. Unknown members are ignored."""

    source: Id
    source_id: Id
    kind: Kind
    received_at: Id  # RFC 3339 with zone
    title: Short = ""
    description: Long = ""
    category: WireCategory | None = None
    location: WireLocation | None = None
    reporter: WireReporter | None = None
    attachments: tuple[Short, ...] = ()
    channel: Short = ""


# -- what intake decides on --------------------------------------------------------------------------------------------


class Near(msgspec.Struct, frozen=True, gc=False):
    """A territory that may claim a place, and how far its border is (0: the place is inside)."""

    territory: str
    metres: int


class Place(msgspec.Struct, frozen=True, gc=False):
    """A place as found out before deciding: both pairs kept, and every territory that may claim it, nearest first."""

    address: str = ""
    lon: float | None = None  # WGS-84
    lat: float | None = None
    datum: str = ""  # the pair as given
    given_lon: float | None = None
    given_lat: float | None = None
    near: tuple[Near, ...] = ()
    named: str = ""  # territory the address names, when the point says nothing
    note: str = ""  # "outside", "gap": why near is empty or doubtful


class Filed(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A readable complaint or city event: located, masked, its reporter put away."""

    topic: str
    source: str
    source_id: str
    kind: Kind
    received_at: int  # the source's word
    filed_at: int = 0  # the broker's: when the message was appended, on the run's clock
    title: str = ""
    description: str = ""
    scheme: str = ""
    code: str = ""
    place: Place = Place()
    channel: str = ""
    attachments: tuple[str, ...] = ()
    reporter_ref: str = ""  # where the encrypted block lies; "" if none was given
    caller_tag: str = ""  # HMAC of the normalised number: same caller, unknown person
    digest: str = ""  # of the content, to tell a repeat from an update


class Unreadable(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A message that no reading can save. Its bytes are in `dead-letters` under the same place, encrypted."""

    reason: str
    detail: str = ""
    source: str = ""
    source_id: str = ""


class Misplaced(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A message that came to the wrong partition; it was posted again to `partition` before this was decided."""

    source: str
    source_id: str
    partition: int


class ForgetReporter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """The keys of a case's reporter were destroyed; whatever comes for it must not be kept again."""

    source: str
    source_id: str


IntakeMessage = Filed | Unreadable | Misplaced | ForgetReporter

# -- orders and reports ------------------------------------------------------------------------------------------------

Role = Literal["squad", "leader", "checker", "operator", "unit", "admin"]


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who speaks: an officer's number, a desk's operator, a unit. Never a name."""

    id: Id
    role: Role
    squad: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every order and report carries (DESIGN law 8)."""

    message_id: Id  # made by the sender, remembered for a window: a repeat changes nothing
    actor: Actor
    happened_at: int | None = None  # the sender's claim (ms); for statistics and evidence, never for timers
    simulated: bool = False


class CaseOrder(Order, frozen=True, kw_only=True):
    """An order about one case."""

    case_id: Id
    case_version: int | None = None  # the version the sender saw; an older one than the last change of hands is refused


class AssignmentOrder(CaseOrder, frozen=True, kw_only=True):
    """A report of who holds, or is offered, an assignment."""

    assignment_id: Id


class ReceiveOffer(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """A device has the offer. Says nothing of a human."""


class AcceptAssignment(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """接单: a human takes the case (a unit signs for its work order)."""


ReturnReason = Literal["not_our_territory", "not_our_power", "no_capacity", "recusal", "no_equipment", "wrong_item"]


class ReturnAssignment(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """退单: coded reason, and the basis it rests on."""

    reason: ReturnReason
    basis: Short = ""


class ReportArrival(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """到场."""


class ReportDisposal(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """处置 and 反馈: what was done. `result` decides which stream of the 80 % numbers the case belongs to."""

    result: Literal["corrected", "penalty_simple", "penalty_general", "unfounded", "repaired", "served", "answered"]
    note: Long = ""
    evidence: tuple[Short, ...] = ()


class CheckCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """核查 after disposal, by somebody who did not dispose."""

    passed: bool
    note: Long = ""


class CloseCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """结案. A case that passed its check closes normally; an operator may force another with a reason."""

    forced: bool = False
    reason: Short = ""


class AssignCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """派单 by an operator: to a squad, or to one team of it, or to a unit. The reason is kept."""

    squad: str = ""
    team: str = ""
    unit: str = ""
    reason: Short = ""


class EscalateCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """升级: to the next level up; at the city's level, to the city desk."""

    reason: Short


class HandOverCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Give the case to another desk. It cannot refuse, only hand back."""

    to_desk: Id
    reason: Short


class SetDuty(Order, tag=True, frozen=True, kw_only=True):
    """Overrule the roster for officers, until an instant (None: until the next such order)."""

    desk: Id
    officers: tuple[Id, ...]
    on_duty: bool
    until: int | None = None


class AdoptCity(Order, tag=True, frozen=True, kw_only=True):
    """Decide by another version of the city from here on (DESIGN law 12)."""

    desk: Id
    city: Id
    found: bool = True  # set by the worker: whether the version is published


DeskOrder = (
    ReceiveOffer
    | AcceptAssignment
    | ReturnAssignment
    | ReportArrival
    | ReportDisposal
    | CheckCase
    | CloseCase
    | AssignCase
    | EscalateCase
    | HandOverCase
    | SetDuty
    | AdoptCity
)

# -- letters -----------------------------------------------------------------------------------------------------------


class RegisterCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Intake to desk: this is yours."""

    case_id: str
    filed: Filed


class UpdateCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Intake to desk: the source says more about a case of yours."""

    case_id: str
    filed: Filed


class TakeCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: you hold this case now."""

    case: Case
    reason: str


class ForwardedOrder(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: an order that came to me about a case that is yours."""

    order: DeskOrder


class ForwardedUpdate(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: an update that came to me about a case that is yours."""

    update: UpdateCase


LetterBody = RegisterCase | UpdateCase | TakeCase | ForwardedOrder | ForwardedUpdate


class Letter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """One letter: numbered without gaps per sender and receiver (law 7)."""

    sender: str  # a desk's id, or an intake partition as "complaints/7"
    receiver: str
    number: int
    body: LetterBody


class BrokenLetter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A letter whose number can be read and whose content cannot: the number advances all the same (law 7)."""

    sender: str
    number: int
    reason: str
    detail: str = ""
    case_id: str = ""  # when at least that could be read


class WakeUp(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """The worker's word that time has passed `due`. It decides nothing; the desk looks at its own state."""

    due: int


DeskMessage = DeskOrder | Letter | BrokenLetter | WakeUp | Unreadable
