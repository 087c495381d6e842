"""Notices of PostgreSQL: which interactions have changed, by whichever server."""

import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

import anyio
import sqlalchemy as sa
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from gemini_interactions_mcp.core import Outage, Timing

from .engine import make_engine

CHANNEL: Final = "gemini_interactions_mcp"

# The names of a notice have at most 1,152 characters, of which JSON writes each in at most 6 bytes: within the 8,000
# that PostgreSQL takes (postgresql.org/docs/current/sql-notify.html).
NOTICE_STATEMENTS: Final = (
    f"""
CREATE OR REPLACE FUNCTION notify_interaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed interactions;
BEGIN
  IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
  PERFORM pg_notify('{CHANNEL}', json_build_array(
    changed.principal, changed.label, changed.interaction_id,
    TG_OP = 'DELETE' OR changed.settled_at IS NOT NULL OR changed.deleted_at IS NOT NULL)::text);
  RETURN NULL;
END $$""",
    """
CREATE OR REPLACE TRIGGER interactions_come_and_go AFTER INSERT OR DELETE ON interactions
FOR EACH ROW EXECUTE FUNCTION notify_interaction()""",
    """
CREATE OR REPLACE TRIGGER interactions_change AFTER UPDATE ON interactions FOR EACH ROW
WHEN ((OLD.interaction_id, OLD.status, OLD.settled_at, OLD.deleted_at, OLD.files::text)
  IS DISTINCT FROM (NEW.interaction_id, NEW.status, NEW.settled_at, NEW.deleted_at, NEW.files::text))
EXECUTE FUNCTION notify_interaction()""",
)
"""What has PostgreSQL notify of each change that somebody may wait for."""

MAX_UNREAD: Final = 10_000
"""Notices that wait for their handler; those beyond count as missed."""

NOTICES_LOST: Final = "Other servers' changes are noticed late, by looking for them: %s"
NOTICES_BACK: Final = "Other servers' changes are noticed at once again."

FIRST_PAUSE: Final = 0.1
"""Seconds before the first attempt to connect anew; doubles up to `LAST_PAUSE`."""

LAST_PAUSE: Final = 5.0


class Notice(NamedTuple):
    """That an interaction has changed.

    Attributes:
        principal: Whose it is.
        label: Label of its row; None where any interaction may have changed unnoticed.
        interaction_id: Its id at Google, where it has one.
        settled: Whether nobody needs to wait for it any more.
    """

    principal: str = ""
    label: str | None = None
    interaction_id: str | None = None
    settled: bool = False


MISSED: Final = Notice()


async def deliver_notices(
    url: sa.URL,
    handle: Callable[[Notice], Awaitable[None]],
    timing: Timing,
    describe: Callable[[Exception], str],
) -> None:
    """Call a function for each notice, until cancelled; a connection that breaks is made anew.

    Whenever it begins to listen, it calls the function with a notice without a label first.

    Args:
        url: Of the database.
        handle: Called for each notice.
        timing: How often the connection is looked at.
        describe: Returns what an error of the database means.
    """
    outage = Outage(NOTICES_LOST, NOTICES_BACK)
    engine = make_engine(url, poolclass=NullPool)
    pause = FIRST_PAUSE
    try:
        while True:
            listened = await listen(engine, handle, timing.listener_ping, outage, describe)
            pause = FIRST_PAUSE if listened else min(2 * pause, LAST_PAUSE)
            await anyio.sleep(pause)
    finally:
        with anyio.move_on_after(timing.database_close, shield=True):
            await engine.dispose()


async def listen(
    engine: AsyncEngine,
    handle: Callable[[Notice], Awaitable[None]],
    interval: float,
    outage: Outage,
    describe: Callable[[Exception], str],
) -> bool:
    """Call a function for each notice until the connection breaks; return whether there was one."""
    send, receive = anyio.create_memory_object_stream[Notice](MAX_UNREAD)
    listened = False
    with send, receive:
        try:
            async with engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                inbox = Inbox(send)
                driver.add_termination_listener(inbox.end)
                await driver.add_listener(CHANNEL, inbox.put)
                listened = True
                outage.end()
                await pass_on(receive, inbox, handle, partial(ping, driver, send, interval))
        except Exception as exc:  # noqa: BLE001 - drivers raise errors of many kinds, and none must end the server
            outage.begin(describe(exc))
    return listened


async def pass_on(
    receive: MemoryObjectReceiveStream[Notice],
    inbox: "Inbox",
    handle: Callable[[Notice], Awaitable[None]],
    check: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Call a function for each notice until their stream ends, and meanwhile another that ends the stream."""
    await handle(MISSED)
    async with anyio.create_task_group() as group:
        group.start_soon(check)
        async for notice in receive:
            await handle(notice)
            if inbox.take_missed():
                await handle(MISSED)
        group.cancel_scope.cancel()


class Inbox:
    """Where a driver puts notices; what it has no room for is missed.

    Args:
        stream: To the reader.
    """

    def __init__(self, stream: MemoryObjectSendStream[Notice]) -> None:
        self._stream = stream
        self._missed = False

    def put(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        """Take a notice."""
        try:
            self._stream.send_nowait(Notice(*json.loads(str(payload))))
        except anyio.WouldBlock:
            self._missed = True
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            # The connection is about to be made anew, which tells the reader.
            return

    def end(self, _connection: object) -> None:
        """End the stream."""
        self._stream.close()

    def take_missed(self) -> bool:
        """Return whether notices were missed since the last question."""
        missed, self._missed = self._missed, False
        return missed


async def ping(driver: Any, stream: MemoryObjectSendStream[Notice], interval: float) -> None:  # noqa: ANN401 - untyped
    """Ask a connection whether it works, and close a stream once it does not answer within the same time."""
    with stream, suppress(Exception):
        while True:
            await anyio.sleep(interval)
            await driver.execute("SELECT 1", timeout=interval)
