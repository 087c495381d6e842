"""Gemini's models and agents for any MCP host, through Google's Interactions API."""

__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    # Imported now: the command takes stdin before it imports anything.
    import lazy_loader  # noqa: PLC0415

    find, _, _ = lazy_loader.attach_stub(__name__, __file__)
    return find(name)


def __dir__() -> list[str]:
    import lazy_loader  # noqa: PLC0415 - as above

    _, _, names = lazy_loader.attach_stub(__name__, __file__)
    return [*names, "__version__"]
