"""The base of all models."""

from typing import Any

from pydantic import BaseModel, ConfigDict


def strip_schema(schema: dict[str, Any]) -> None:
    """Remove the docstring and `additionalProperties` from a schema: hosts pay for them, and no model needs them."""
    schema.pop("description", None)
    schema.pop("additionalProperties", None)


class FrozenModel(BaseModel):
    """Base of all models: immutable, without extra fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=strip_schema)
