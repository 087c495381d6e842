"""The voices of the API's speech models, as this process knows them."""

from collections.abc import Mapping
from typing import Final

import anyio

from gemini_interactions_mcp.core import GeminiMCPError, Timing, logger
from gemini_interactions_mcp.models import Speech, VoiceDescription, voices

from .client import Gemini

PREBUILT: Final = {each.name: each for each in voices.list_prebuilt_voices()}
"""The voices that every key has, by name."""


class VoiceList:
    """Voices: those that every key has, and those that the API lists for the key of the user.

    Args:
        gemini: The API.
        timing: How long a list holds.
    """

    def __init__(self, gemini: Gemini, timing: Timing) -> None:
        self._gemini = gemini
        self._timing = timing
        self._listed: Mapping[str, VoiceDescription] = {}
        self._until = -1.0
        self._reading = anyio.Lock()

    async def read(self) -> Mapping[str, VoiceDescription]:
        """Return all voices by name. A list that cannot be read leaves those that are known."""
        async with self._reading:
            if anyio.current_time() >= self._until:
                await self._read()
        # A list need not tell how a voice sounds.
        return {**self._listed, **{name: each for name, each in PREBUILT.items() if not self._is_told(name)}}

    def _is_told(self, name: str) -> bool:
        return name in self._listed and bool(self._listed[name].manner)

    async def _read(self) -> None:
        seconds = self._timing.voices
        try:
            with anyio.fail_after(self._timing.lookup):
                self._listed = {each.name: each for each in await self._gemini.voices()}
        except (GeminiMCPError, TimeoutError) as exc:
            logger.info("The voices cannot be listed: %s", exc)
            seconds = self._timing.voices_retry
        self._until = anyio.current_time() + seconds

    async def check(self, speech: Speech) -> Speech:
        """Return the speech with its voices in Google's spelling; the API is asked only about those not known here.

        Raises:
            InputError: There is no such voice.
        """
        asked = {each.voice.casefold() for each in speech.voices}
        known = asked <= {name.casefold() for name in PREBUILT}
        return voices.check_voices(speech, PREBUILT if known else await self.read())
