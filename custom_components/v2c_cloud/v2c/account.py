"""A V2C Cloud account: its chargers, what its budget is spent on, and whether it can be reached."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
import logging
import time
from typing import Any, Final, override

from ...energy_core.device import Device, Wire
from ...energy_core.errors import (
    DeviceAuthError,
    DeviceConnectionError,
    DeviceProtocolError,
    DeviceTimeoutError,
    EnergyError,
    RateLimitedError,
)
from ...energy_core.report import UpdateReport
from . import endpoints, parse
from .cloud import CloudClient
from .endpoints import Endpoint
from .face import Face, Nowhere
from .parse import Pairing
from .plan import Kind, Plan, Task
from .points import Account as AccountBlock
from .quota import Quota
from .sessions import SessionBook, parse as parse_sessions

_LOGGER = logging.getLogger(__name__)

ENDPOINTS: Final[Mapping[Kind, Endpoint]] = {
    Kind.PAIRINGS: endpoints.PAIRINGS,
    Kind.TOTALS: endpoints.TOTALS,
    Kind.REPORTED: endpoints.REPORTED,
    Kind.LIVE: endpoints.LIVE,
    Kind.CONNECTED: endpoints.CONNECTED,
    Kind.VERSION: endpoints.VERSION,
    Kind.CARDS: endpoints.RFID_CARDS,
    Kind.SESSIONS: endpoints.SESSIONS,
    Kind.PROFILES: endpoints.PROFILES,
}
# Calls of one round; what is due beyond it follows in the next, so that nothing waits long for its turn.
BATCH: Final = 4
# The past is asked for only while so many calls are left.
PLENTY: Final = 200
# The maker's own sign-in has failed for days with good keys: only time and number make a refusal credible.
REFUSALS: Final = 3
REFUSED_FOR: Final = 900.0
# A cloud that fails for less has done so often enough: what it said stands.
PATIENCE: Final = 600.0


class Account(Device):
    """Asks the cloud what the plan says; ``faces`` hold what it answered, by charger."""

    def __init__(
        self,
        client: CloudClient,
        quota: Quota,
        plan: Plan,
        *,
        wall: Callable[[], float] = time.time,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """Start with no charger."""
        super().__init__(Nowhere(), now=now)
        self.client, self.quota, self.plan = client, quota, plan
        self.block = self.add(AccountBlock("account"))
        self.faces: dict[str, Face] = {}
        self.pairings: list[Pairing] = []
        self.refusals = 0
        self.refused_since: float | None = None
        self.failing_since: float | None = None
        self.answered = False
        # Called with the charger and the earliest hour that new sessions change.
        self.sessions_changed: Callable[[str, datetime], None] = lambda _device_id, _hour: None
        self._wall = wall
        self._left: set[str] = set()

    # Chargers

    def adopt(self, pairings: Collection[Pairing]) -> None:
        """Have exactly the chargers of ``pairings``."""
        self.pairings = list(pairings)
        for pairing in self.pairings:
            face = self.faces.setdefault(pairing.device_id, Face(pairing.device_id, SessionBook()))
            face.name, face.pairing_ip = pairing.name or face.name, pairing.ip
        self.plan.chargers(self.own)

    def leave(self, device_id: str) -> None:
        """Spend nothing on a charger that another entry looks after."""
        self._left.add(device_id)
        self.plan.chargers(self.own)

    @property
    def own(self) -> list[str]:
        """Return the chargers that are looked after here."""
        return [each.device_id for each in self.pairings if each.device_id not in self._left]

    # State

    @property
    def key_refused(self) -> bool:
        """Tell whether the key has been refused so often and for so long that it is probably bad."""
        return self.refusals >= REFUSALS and self.refused_since is not None and self._wall() - self.refused_since >= REFUSED_FOR

    @property
    def reachable(self) -> bool:
        """Tell whether the cloud answers, short failures aside."""
        if self.refusals >= REFUSALS or not self.answered:
            return False
        return self._failing_for() < PATIENCE

    def _failing_for(self) -> float:
        return 0.0 if self.failing_since is None else self._wall() - self.failing_since

    # Asking

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Make the calls that are due; raise the first error when none succeeded and the cloud as a whole is to blame."""
        errors: list[EnergyError] = []
        succeeded = 0
        for task in self.plan.due()[:BATCH]:
            try:
                await self.ask(task)
                succeeded += 1
            except RateLimitedError as error:
                # Not a loss: what is known stands, and the plan knows when to go on.
                _LOGGER.debug("The cloud's budget is used up for now: %s", error)
                break
            except EnergyError as error:
                errors.append(error)
                if _whole(error):
                    break
        self._show()
        if errors and not succeeded and (_whole(errors[0]) or not self.answered or self._failing_for() >= PATIENCE):
            raise self._softened(errors[0])
        return UpdateReport(updated=frozenset({self.block.name}))

    async def ask(self, task: Task, *, command: bool = False) -> Any:
        """Make one call, take over its answer, and return it."""
        try:
            answer = await self.client.call(ENDPOINTS[task.kind], task.device_id, command=command)
        except EnergyError as error:
            self.plan.failed(task)
            self._failed(error)
            raise
        self.plan.done(task)
        self._succeeded()
        await self._take(task, answer)
        return answer

    async def _take(self, task: Task, answer: Any) -> None:
        if task.kind is Kind.PAIRINGS:
            # An account that has lost all its chargers at once has rather lost its mind.
            if found := parse.pairings(answer):
                self.adopt(found)
        elif task.kind is Kind.TOTALS:
            energy, count = parse.totals(answer)
            self.block.set(AccountBlock.total_energy, None if energy is None else 1000 * energy)
            self.block.set(AccountBlock.total_sessions, count)
        elif (face := self.faces.get(task.device_id or "")) is not None:
            if task.kind is Kind.SESSIONS:
                await self._take_sessions(face, answer)
            else:
                face.take(task.kind, answer, self._wall())

    async def _take_sessions(self, face: Face, answer: Any) -> None:
        """Add the newest sessions, and one stretch of the past that is not known yet."""
        zone = self._now().tzinfo or UTC
        self._tell(face, face.book.add(parse_sessions(answer, zone)))
        if (stretch := face.book.backfill()) is not None and self.quota.left() > PLENTY:
            begin, end = (each.isoformat() for each in stretch)
            answer = await self.client.call(endpoints.SESSIONS, face.device_id, chargeDateStart=begin, chargeDateEnd=end)
            older = parse_sessions(answer, zone)
            face.book.backfilled(stretch, len(older))
            self._tell(face, face.book.add(older))
            if face.book.backfill() is not None:
                self.plan.hurry(Task(Kind.SESSIONS, face.device_id))

    def _tell(self, face: Face, since: datetime | None) -> None:
        if since is not None:
            self.sessions_changed(face.device_id, since)

    def _succeeded(self) -> None:
        self.answered = True
        self.refusals, self.refused_since, self.failing_since = 0, None, None

    def _failed(self, error: EnergyError) -> None:
        """Note what concerns the account as a whole; a call that is refused for what it asks does not."""
        if isinstance(error, DeviceAuthError) and error.placeholders.get("status") == "401":
            self.refusals += 1
            self.refused_since = self.refused_since or self._wall()
        if isinstance(error, DeviceAuthError) or _whole(error) or isinstance(error, DeviceProtocolError):
            self.failing_since = self.failing_since or self._wall()

    @staticmethod
    def _softened(error: EnergyError) -> EnergyError:
        """Turn a refused key into a loss: one refusal proves nothing, and must not stop the polling."""
        return DeviceConnectionError(str(error), key="cloud_auth") if isinstance(error, DeviceAuthError) else error

    def _show(self) -> None:
        self.block.set(AccountBlock.calls_left, self.quota.remaining)
        self.block.set(AccountBlock.calls_limit, self.quota.limit)
        self.block.set(AccountBlock.reachable, self.reachable)

    # Memory

    @override
    def saved(self) -> dict[str, Any]:
        """Return what spares calls after a restart, ready for JSON."""
        return {
            "quota": self.quota.saved(),
            "plan": self.plan.saved(),
            "faces": {name: face.saved() for name, face in self.faces.items()},
            "account": dict(self.block.values),
        }

    @override
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what an earlier life saved; call it after ``adopt``."""
        for name, part in (("quota", self.quota), ("plan", self.plan)):
            if isinstance(kept := saved.get(name), dict):
                part.restore(kept)
        faces = saved.get("faces")
        for name, face in self.faces.items():
            if isinstance(faces, dict) and isinstance(kept := faces.get(name), dict):
                face.restore(kept, self._wall())
        self.answered = any(face.at for face in self.faces.values())
        if isinstance(account := saved.get("account"), dict):
            known = {name: value for name, value in account.items() if name in self.block.points}
            self.block.values |= known


def _whole(error: EnergyError) -> bool:
    """Tell whether an error concerns every call; anything else, 403 too, may be the trouble of one endpoint."""
    if isinstance(error, DeviceAuthError):
        return error.placeholders.get("status") == "401"
    return isinstance(error, DeviceConnectionError | DeviceTimeoutError)
