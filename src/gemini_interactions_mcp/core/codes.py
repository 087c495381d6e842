"""Codes by which programs tell errors apart: one for each class of error. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .errors import (
    BackgroundRefusedError,
    BlockedError,
    ConfigurationError,
    DailyLimitError,
    FileGoneError,
    FileRefusedError,
    FileTooLargeError,
    GeminiMCPError,
    InputError,
    InteractionFailedError,
    InteractionNotFoundError,
    InvalidIdError,
    JournalError,
    KeyMissingError,
    KeyRejectedError,
    ModelNotFoundError,
    NetworkError,
    NoQuotaError,
    OutcomeUnknownError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RefusedError,
    SentElsewhereError,
    SpendingLimitError,
    StillUploadingError,
    StoreNotFoundError,
    UploadLostError,
)


class ErrorCode(StrEnum):
    """What went wrong, for programs. Codes are added in later versions, and none changes its meaning."""

    INVALID_ARGUMENTS = "invalid_arguments"
    UNKNOWN_TOOL = "unknown_tool"
    FILE_REFUSED = "file_refused"
    FILE_GONE = "file_gone"
    FILE_TOO_LARGE = "file_too_large"
    CONFIGURATION = "configuration"
    KEY_MISSING = "key_missing"
    KEY_REJECTED = "key_rejected"
    DAILY_LIMIT = "daily_limit"
    SPENDING_LIMIT = "spending_limit"
    REFUSED = "refused"
    BLOCKED = "blocked"
    BACKGROUND_REFUSED = "background_refused"
    INVALID_ID = "invalid_id"
    INTERACTION_NOT_FOUND = "interaction_not_found"
    MODEL_NOT_FOUND = "model_not_found"
    STORE_NOT_FOUND = "store_not_found"
    PERMISSION_DENIED = "permission_denied"
    OVERLOADED = "overloaded"
    QUOTA_EXCEEDED = "quota_exceeded"
    NO_QUOTA = "no_quota"
    SENT_ELSEWHERE = "sent_elsewhere"
    STILL_UPLOADING = "still_uploading"
    UPLOAD_LOST = "upload_lost"
    NETWORK = "network"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NO_ANSWER = "no_answer"
    INTERACTION_FAILED = "interaction_failed"
    JOURNAL = "journal"
    INTERNAL = "internal"

    @classmethod
    def _missing_(cls, value: object) -> "ErrorCode | None":
        """Take a code of a later version for a refusal; what is no text is no code."""
        return cls.REFUSED if isinstance(value, str) else None


ERROR_CODES: Final[Mapping[type[GeminiMCPError], ErrorCode]] = {
    InputError: ErrorCode.INVALID_ARGUMENTS,
    FileRefusedError: ErrorCode.FILE_REFUSED,
    FileGoneError: ErrorCode.FILE_GONE,
    FileTooLargeError: ErrorCode.FILE_TOO_LARGE,
    ConfigurationError: ErrorCode.CONFIGURATION,
    KeyMissingError: ErrorCode.KEY_MISSING,
    KeyRejectedError: ErrorCode.KEY_REJECTED,
    DailyLimitError: ErrorCode.DAILY_LIMIT,
    SpendingLimitError: ErrorCode.SPENDING_LIMIT,
    RefusedError: ErrorCode.REFUSED,
    BlockedError: ErrorCode.BLOCKED,
    BackgroundRefusedError: ErrorCode.BACKGROUND_REFUSED,
    InvalidIdError: ErrorCode.INVALID_ID,
    InteractionNotFoundError: ErrorCode.INTERACTION_NOT_FOUND,
    ModelNotFoundError: ErrorCode.MODEL_NOT_FOUND,
    StoreNotFoundError: ErrorCode.STORE_NOT_FOUND,
    PermissionDeniedError: ErrorCode.PERMISSION_DENIED,
    OverloadedError: ErrorCode.OVERLOADED,
    QuotaError: ErrorCode.QUOTA_EXCEEDED,
    NoQuotaError: ErrorCode.NO_QUOTA,
    SentElsewhereError: ErrorCode.SENT_ELSEWHERE,
    StillUploadingError: ErrorCode.STILL_UPLOADING,
    UploadLostError: ErrorCode.UPLOAD_LOST,
    NetworkError: ErrorCode.NETWORK,
    OutcomeUnknownError: ErrorCode.OUTCOME_UNKNOWN,
    InteractionFailedError: ErrorCode.INTERACTION_FAILED,
    JournalError: ErrorCode.JOURNAL,
}
"""The code of each class; a subclass without its own has that of its base."""


def find_error_code(error: BaseException) -> ErrorCode:
    """Return the code of an error; what no class of ours describes is a bug."""
    return next((code for base in type(error).__mro__ if (code := ERROR_CODES.get(base))), ErrorCode.INTERNAL)
