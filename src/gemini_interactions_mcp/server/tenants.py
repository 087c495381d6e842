"""What the requests of each principal use: opened at the first one, and closed when nothing happens any more.

Nothing in memory is shared between principals but what knows nothing of them: connections, catalogs, the tasks.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

import anyio
from anyio.abc import TaskGroup, TaskStatus

from gemini_interactions_mcp.core import (
    OWNER,
    CountedTasks,
    GeminiMCPError,
    JournalError,
    Outage,
    Principal,
    Timing,
    logger,
)


class ClosableRuns(Protocol):
    """The part of `Runs` that ends them."""

    async def close(self) -> None:
        """Leave all runs to other servers."""
        ...


class TenantContext(Protocol):
    """What requests use, as far as it is closed here."""

    @property
    def runs(self) -> ClosableRuns:
        """The interactions."""
        ...


AppT = TypeVar("AppT", bound=TenantContext)


@dataclass(eq=False)
class Tenant(Generic[AppT]):
    """What the requests of one principal use, until it is closed.

    Attributes:
        principal: Whose requests, without scopes: those are of a token.
        app: What they use.
        tasks: Its background tasks.
        used_at: When a request last asked for it, on the clock of the event loop.
        ending: Set when it is to be closed.
    """

    principal: Principal
    app: AppT
    tasks: CountedTasks
    used_at: float
    ending: anyio.Event = field(default_factory=anyio.Event)


class Tenants(Generic[AppT]):
    """The tenants of one server.

    Args:
        attended: Whether any client of a principal waits for notifications.
        timing: When an idle one is closed, and how often that is looked at.
    """

    def __init__(self, attended: Callable[[str], bool], timing: Timing) -> None:
        self._attended = attended
        self._timing = timing
        self._open: dict[str, Tenant[AppT]] = {}
        self._replaced: list[Tenant[AppT]] = []
        self._serving: Counter[str] = Counter()
        self._unopened: dict[str, Outage] = {}

    def get(self, principal: Principal) -> AppT | None:
        """Return what the requests of a principal use, if it is open and as the principal is now."""
        tenant = self._open.get(principal.name)
        if tenant is None or tenant.principal != replace(principal, scopes=frozenset()):
            return None
        tenant.used_at = anyio.current_time()
        return tenant.app

    def find(self, name: str) -> list[AppT]:
        """Return what is open of a principal, also of earlier limits; that counts as no use."""
        return [each.app for each in (*self._open.values(), *self._replaced) if each.principal.name == name]

    def list_open(self) -> list[AppT]:
        """Return all that is open."""
        return [each.app for each in (*self._open.values(), *self._replaced)]

    async def open(self, tasks: TaskGroup, principal: Principal, assemble: Callable[[CountedTasks], AppT]) -> AppT:
        """Open what the requests of a principal use.

        One of earlier limits or of an earlier key stays until what it does has ended.

        Args:
            tasks: Runs its background tasks.
            principal: Whose requests.
            assemble: Makes it, with its background tasks.
        """
        tenant: Tenant[AppT] = await tasks.start(self._live, replace(principal, scopes=frozenset()), assemble)
        if earlier := self._open.get(principal.name):
            self._replaced.append(earlier)
        self._open[principal.name] = tenant
        return tenant.app

    async def _live(
        self,
        principal: Principal,
        assemble: Callable[[CountedTasks], AppT],
        *,
        task_status: TaskStatus[Tenant[AppT]],
    ) -> None:
        failures: list[Exception] = []
        async with anyio.create_task_group() as group:
            tasks = CountedTasks(group)
            try:
                tenant = Tenant(principal, assemble(tasks), tasks, anyio.current_time())
            except Exception as exc:  # noqa: BLE001 - raised below: the group would raise it as one of several
                failures.append(exc)
            else:
                task_status.started(tenant)
                await tenant.ending.wait()
                await leave_runs(tenant)
            group.cancel_scope.cancel()
        if failures:
            raise failures[0]

    @contextmanager
    def serving(self, principal: Principal) -> Generator[None]:
        """Keep the tenant of a principal open while a request is served."""
        self._serving[principal.name] += 1
        try:
            yield
        finally:
            self._serving[principal.name] -= 1
            if not self._serving[principal.name]:
                del self._serving[principal.name]

    async def tend(
        self, find_unfinished: Callable[[], Awaitable[Collection[str]]], open_named: Callable[[str], Awaitable[object]]
    ) -> None:
        """Open the tenants of principals with interactions that nobody follows, and close idle ones, until cancelled.

        Args:
            find_unfinished: Returns the names of these principals.
            open_named: Opens the tenant of a name.
        """
        while True:
            try:
                await self._open_unfinished(await find_unfinished(), open_named)
            except JournalError as exc:
                if exc.brief is None:
                    logger.warning("Unfinished interactions are not looked for: %s", exc)
            except Exception:  # must not end the server
                logger.exception("Unfinished interactions are not looked for")
            self.close_idle()
            await anyio.sleep(self._timing.lease / 3)

    async def _open_unfinished(self, names: Collection[str], open_named: Callable[[str], Awaitable[object]]) -> None:
        for name in names:
            try:
                if name not in self._open:
                    await open_named(name)
                if outage := self._unopened.pop(name, None):
                    outage.end()
            except GeminiMCPError as exc:
                followed = f"The unfinished interactions of {name or 'the owner'} are"
                outage = self._unopened.setdefault(
                    name, Outage(f"{followed} not followed: %s", f"{followed} followed.")
                )
                outage.begin(exc.brief or str(exc))

    def close_idle(self) -> None:
        """Close what nobody has used for some time and that does nothing; the owner's stays open."""
        idle = [each for each in self._open.values() if self._is_idle(each) and not self._is_awaited(each)]
        for tenant in idle:
            del self._open[tenant.principal.name]
        done = [each for each in self._replaced if self._is_idle(each)]
        self._replaced = [each for each in self._replaced if each not in done]
        for tenant in (*idle, *done):
            tenant.ending.set()

    def _is_idle(self, tenant: Tenant[AppT]) -> bool:
        unused = anyio.current_time() - tenant.used_at > self._timing.tenant_idle
        return unused and not tenant.tasks.busy and tenant.principal.name not in self._serving

    def _is_awaited(self, tenant: Tenant[AppT]) -> bool:
        return tenant.principal.name == OWNER.name or self._attended(tenant.principal.name)

    async def close(self) -> None:
        """Leave all runs to other servers, while the background tasks still run. Shielded from cancellation."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as leaving:
                for tenant in (*self._open.values(), *self._replaced):
                    leaving.start_soon(leave_runs, tenant)


async def leave_runs(tenant: Tenant[AppT]) -> None:
    """Leave the runs of a tenant to other servers. Shielded from cancellation."""
    with anyio.CancelScope(shield=True):
        await tenant.app.runs.close()
