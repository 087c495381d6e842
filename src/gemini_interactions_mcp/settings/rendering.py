"""Renders the table of settings for docs/settings.md, as Markdown."""

from .environment import SettingVariable
from .table import FIELD_VARIABLES, Settings


def render_settings_table() -> str:
    """Return the table of docs/settings.md, as Markdown."""
    rows = [
        f"| `{variable.name}` | {variable.description} | {render_default(field, variable)} |".replace("|  |", "| |")
        for field, variables in FIELD_VARIABLES.items()
        for variable in variables
    ]
    return "\n".join(["| variable | what it sets | default |", "|---|---|---|", *rows])


def render_default(field: str, variable: SettingVariable) -> str:
    """Return the default of a setting, as Markdown; empty where it has none."""
    if variable.default is not None:
        return variable.default
    value = Settings.model_fields[field].default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return "" if value is None else f"`{value}`"
