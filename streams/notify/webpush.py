"""Web Push (RFC 8030, 8291, 8292): the browser's maker wakes the telephone, which then asks us.

What is inside is closed under the telephone's key and says no more than "open the app", with the case's number: it goes
through hands that are not the city's. Subscriptions stand in the accounts of devices (gateway/accounts.py); one that is
gone is tried no more by this process, and is replaced when the page subscribes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import NamedTuple

import aiohttp
import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from py_vapid import Vapid02, VapidException
from py_vapid.utils import b64urldecode, b64urlencode
from yarl import URL

from ..clock import wall_ms
from ..outgoing import post
from .notifier import Limits, Notice, Receipt, receipt_of

SIGNED_FOR_S = 12 * 3600  # a day is the most that is allowed
LIMITS = Limits(rate=50, burst=100, size=3_000)  # a service takes 4,096 with what closing adds


class Subscription(NamedTuple):
    """Where a telephone is woken, and under which keys of its own."""

    endpoint: str
    p256dh: str
    auth: str


Subscriptions = Callable[[str, tuple[str, ...]], Iterable[Subscription]]  # by squad and officers


class WebPush:
    """Posts to the push service of each device of the officers."""

    channel = "webpush"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        key: Vapid02,
        contact: str,
        of: Subscriptions,
        timeout_s: float,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self._session, self._key, self._contact, self._of, self._timeout_s = session, key, contact, of, timeout_s
        self._gone: set[Subscription] = set()

    async def notify(self, notice: Notice) -> Receipt:
        """Wake every device once. Sent: at least one service took it."""
        receipts = []
        for one in self._of(notice.squad, notice.officers):
            if one in self._gone:
                receipts.append(Receipt("refused", "gone"))
                continue
            receipt = await self._wake(one, notice)
            if receipt == Receipt("refused", "gone"):
                self._gone.add(one)
            receipts.append(receipt)
        return min(receipts, key=lambda r: _HOPE.index(r.result), default=Receipt("skipped", "no_device"))

    async def _wake(self, to: Subscription, notice: Notice) -> Receipt:
        try:
            url = URL(to.endpoint)
            body = _closed(to, msgspec.json.encode({"case_no": notice.case_no}))
            until = wall_ms() // 1000 + SIGNED_FOR_S
            signed = self._key.sign({"sub": self._contact, "aud": str(url.origin()), "exp": until})
        except (ValueError, http_ece.ECEException, VapidException):  # no key, no address
            return Receipt("refused", "bad_address")
        headers = {
            "Authorization": signed["Authorization"],
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(1, round(notice.valid_s))),  # after the lease it would ring for nothing
            "Urgency": "high",
            "Topic": b64urlencode(sha256(notice.id.encode()).digest()[:24]),  # a repeat replaces what still waits
        }
        return receipt_of(await post(self._session, url, body, headers, self._timeout_s))


_HOPE = ("sent", "limited", "failed", "refused")  # of several devices the best result counts


def _closed(to: Subscription, text: bytes) -> bytes:
    """Encrypted for one browser. Raises ValueError."""
    sealed: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=b64urldecode(to.p256dh.encode()),
        auth_secret=b64urldecode(to.auth.encode()),
        version="aes128gcm",
    )
    return sealed


def load_key(secret: bytes) -> Vapid02:
    """A private P-256 key, PEM. Raises ValueError."""
    key = load_pem_private_key(secret, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("not a P-256 key")
    return Vapid02(key)


def new_key() -> tuple[bytes, str]:
    """A key pair: the private one as PEM, and its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), public(Vapid02(key))


def public(key: Vapid02) -> str:
    """Its public half, as a browser's `applicationServerKey` has it."""
    return b64urlencode(key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
