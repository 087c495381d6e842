"""Every error raised on purpose, sorted by who must act.

    GeminiMCPError                 one sentence on what happened, one on what to do next
    ├── InputError                 the model: an argument cannot work; nothing was sent
    │   └── FileRefusedError       a file is missing, not allowed or of no use to Gemini
    │       └── FileGoneError
    ├── ConfigurationError         the user: key, billing, directories, journal
    │   ├── DailyLimitError
    │   ├── SpendingLimitError
    │   ├── KeyMissingError
    │   └── KeyRejectedError
    ├── RefusedError               Google refused the request
    │   ├── BackgroundRefusedError
    │   ├── BlockedError
    │   ├── InteractionNotFoundError
    │   ├── InvalidIdError
    │   ├── ModelNotFoundError
    │   ├── OverloadedError
    │   ├── PermissionDeniedError
    │   ├── QuotaError
    │   │   └── NoQuotaError
    │   └── StoreNotFoundError
    ├── SentElsewhereError         another server has sent the same request; repeating the call gets its answer
    ├── UploadLostError            Google does not say how much of an upload has arrived
    ├── StillUploadingError        a file is being uploaded; repeating the call waits for the rest
    ├── NetworkError               Google was certainly not reached, or a read can be repeated
    ├── OutcomeUnknownError        a paid request may have been accepted; it is never sent again automatically
    ├── InteractionFailedError     the interaction ended without an answer
    ├── FileTooLargeError          a generated file is larger than any that is saved
    └── JournalError               the journal cannot be read or written

Any other exception is a bug and propagates.
"""

from collections.abc import Mapping


class GeminiMCPError(Exception):
    """A failure whose message may be shown to the model.

    Attributes:
        facts: What programs are told of the interaction concerned, as JSON.
        interaction_id: Id of the interaction concerned, if any; appended to the message unless it is part of it.
        brief: What the log says of it; None if that is the message. It is set where the log has the cause already, and
            the message is for users who must not read that.
    """

    def __init__(self, message: str, *, interaction_id: str | None = None, brief: str | None = None) -> None:
        super().__init__(message)
        self.facts: Mapping[str, object] = {}
        self.interaction_id = interaction_id
        self.brief = brief

    def __str__(self) -> str:
        text = str(self.args[0])
        if self.interaction_id and self.interaction_id not in text:
            text = f"{text} (interaction_id: {self.interaction_id})"
        return text


class InputError(GeminiMCPError):
    """An argument cannot work; nothing was sent."""


class FileRefusedError(InputError):
    """A file is missing, not allowed or of no use to Gemini.

    Attributes:
        reason: A relative clause by which the skipped files of a folder are grouped and counted.
    """

    def __init__(self, message: str, *, interaction_id: str | None = None, reason: str = "that cannot be read") -> None:
        super().__init__(message, interaction_id=interaction_id)
        self.reason = reason


class FileGoneError(FileRefusedError):
    """A saved file is not on this machine, or no longer."""


class ConfigurationError(GeminiMCPError):
    """A problem that only the user can fix."""


class DailyLimitError(ConfigurationError):
    """The user's daily limit of research runs is reached; nothing was sent."""


class SpendingLimitError(ConfigurationError):
    """A request may cost more than the user's limits in dollars leave; nothing was sent."""


class KeyMissingError(ConfigurationError):
    """No API key is configured."""


class KeyRejectedError(ConfigurationError):
    """Google rejects the API key."""


class RefusedError(GeminiMCPError):
    """Google refused the request.

    Attributes:
        retry_after_seconds: Delay that Google asks for, in seconds; None if it names none.
    """

    def __init__(
        self, message: str, *, interaction_id: str | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, interaction_id=interaction_id)
        self.retry_after_seconds = retry_after_seconds


class BackgroundRefusedError(RefusedError):
    """The model does not support background execution."""


class BlockedError(RefusedError):
    """A safety filter stopped the prompt or the answer."""


class InteractionNotFoundError(RefusedError):
    """Google stores no interaction with this id, or none that this key may read."""


class InvalidIdError(RefusedError):
    """Google says that an interaction id is malformed (400); it has said so of valid ones, too."""


class ModelNotFoundError(RefusedError):
    """No model or agent has this name, or no longer."""


class OverloadedError(RefusedError):
    """Google has no capacity at the moment (503)."""


class PermissionDeniedError(RefusedError):
    """The API key's project may not do this (403)."""


class QuotaError(RefusedError):
    """A rate limit or a daily quota is used up (429)."""


class NoQuotaError(QuotaError):
    """The project's quota is zero, so waiting does not help (429)."""


class StoreNotFoundError(RefusedError):
    """Google has no file search store, document or operation of this name, or none that this key may read."""


class UploadLostError(GeminiMCPError):
    """Google does not say how much of an upload has arrived, which may be all of it."""


class SentElsewhereError(GeminiMCPError):
    """Another server has sent the same request and waits for its id; nothing was sent now."""


class StillUploadingError(GeminiMCPError):
    """A file is being uploaded; repeating the call waits for the rest."""


class NetworkError(GeminiMCPError):
    """Google was certainly not reached, or the failed call was a read that can be repeated."""


class OutcomeUnknownError(GeminiMCPError):
    """A paid request may have been accepted; it is never sent again automatically."""


class InteractionFailedError(GeminiMCPError):
    """The interaction ended without an answer."""


class FileTooLargeError(GeminiMCPError):
    """A generated file is larger than any that is saved."""


class JournalError(GeminiMCPError):
    """The journal cannot be read or written."""
