"""What is known of the request that a line of the log belongs to."""

from contextvars import ContextVar
from types import MappingProxyType
from typing import Final, TypedDict, Unpack


class LogFields(TypedDict, total=False):
    """Fields of a line of the log."""

    request_id: str
    principal: str
    interaction_id: str


LOG_CONTEXT: Final[ContextVar[MappingProxyType[str, str]]] = ContextVar("log_context", default=MappingProxyType({}))


def set_log_context(**fields: Unpack[LogFields]) -> None:
    """Add fields to all lines that are logged from here on by the same task; an empty one changes nothing."""
    known = {name: str(value) for name, value in fields.items() if value}
    LOG_CONTEXT.set(MappingProxyType({**LOG_CONTEXT.get(), **known}))
