"""Every error raised on purpose, sorted by who must act.

    GeminiMCPError                 one sentence on what happened, one on what to do next
    ├── InputError                 the model: an argument that cannot work; nothing was sent
    │   └── FileRefusedError       a file that is missing, not allowed or of no use to Gemini
    │       └── FileGoneError
    ├── ConfigurationError         the user: key, billing, directories, journal
    │   ├── DailyLimitError
    │   ├── KeyMissingError
    │   └── KeyRejectedError
    ├── RefusedError               Google answered no
    │   ├── BackgroundRefusedError
    │   ├── BlockedError
    │   ├── InteractionNotFoundError
    │   ├── InvalidIdError
    │   ├── ModelNotFoundError
    │   ├── OverloadedError
    │   ├── PermissionDeniedError
    │   └── QuotaError
    │       └── NoQuotaError
    ├── SentElsewhereError         another server has sent the same request; the same call again gets its answer
    ├── StillUploadingError        a file is on its way; the same call again waits for the rest
    ├── NetworkError               Google was certainly not reached, or a read can be repeated
    ├── OutcomeUnknownError        a paid request may have been taken; never sent again
    ├── InteractionFailedError     the interaction ended without an answer
    └── JournalError               the journal cannot be read or written

Anything else is a bug, and rises.
"""


class GeminiMCPError(Exception):
    """A failure whose text may be shown to the model.

    Attributes:
        interaction_id: The interaction that it is about, when there is one.
    """

    def __init__(self, message: str, *, interaction_id: str | None = None) -> None:
        super().__init__(message)
        self.interaction_id = interaction_id

    def __str__(self) -> str:
        text = str(self.args[0])
        if self.interaction_id and self.interaction_id not in text:
            text = f"{text} (interaction_id: {self.interaction_id})"
        return text


class InputError(GeminiMCPError):
    """An argument that cannot work; nothing was sent."""


class FileRefusedError(InputError):
    """A file that is missing, not allowed or of no use to Gemini.

    Attributes:
        reason: In a few words, by which files of a folder that were passed over are counted.
    """

    def __init__(self, message: str, *, interaction_id: str | None = None, reason: str = "that cannot be read") -> None:
        super().__init__(message, interaction_id=interaction_id)
        self.reason = reason


class FileGoneError(FileRefusedError):
    """A saved file is not on this machine, or not any more."""


class ConfigurationError(GeminiMCPError):
    """Something that only the user can set right."""


class DailyLimitError(ConfigurationError):
    """The user allows no further research run today; nothing was sent."""


class KeyMissingError(ConfigurationError):
    """No API key is configured."""


class KeyRejectedError(ConfigurationError):
    """Google does not accept the API key."""


class RefusedError(GeminiMCPError):
    """Google answered no.

    Attributes:
        retry_after_seconds: How long Google asks to wait, when it says so.
    """

    def __init__(
        self, message: str, *, interaction_id: str | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, interaction_id=interaction_id)
        self.retry_after_seconds = retry_after_seconds


class BackgroundRefusedError(RefusedError):
    """The model does not run in the background."""


class BlockedError(RefusedError):
    """A safety filter stopped the prompt or the answer."""


class InteractionNotFoundError(RefusedError):
    """Google keeps no interaction of this id, or not for this key."""


class InvalidIdError(RefusedError):
    """Google takes the id of an interaction for none (400); it has said that of real ones, too."""


class ModelNotFoundError(RefusedError):
    """No model or agent of this name, or not any more."""


class OverloadedError(RefusedError):
    """Google has no capacity at the moment (503)."""


class PermissionDeniedError(RefusedError):
    """The API key's project may not do this (403)."""


class QuotaError(RefusedError):
    """A rate limit or a daily quota is used up (429)."""


class NoQuotaError(QuotaError):
    """The project has a quota of zero, which no waiting changes (429)."""


class SentElsewhereError(GeminiMCPError):
    """Another server has sent the same request and waits for Google to name it; nothing was sent now."""


class StillUploadingError(GeminiMCPError):
    """A file is on its way to Google; the same call again waits for the rest."""


class NetworkError(GeminiMCPError):
    """Google was certainly not reached, or the call was a read that can be repeated."""


class OutcomeUnknownError(GeminiMCPError):
    """A paid request may have been taken: it is never sent again by itself."""


class InteractionFailedError(GeminiMCPError):
    """The interaction ended without an answer."""


class JournalError(GeminiMCPError):
    """The journal cannot be read or written."""
