"""What goes along with a text: never more than hosts take of one result."""

import pytest

from gemini_interactions_mcp.server.results.previews import (
    PREVIEW_TOKENS,
    RESULT_PREVIEW_BYTES,
    PreviewLimits,
    compute_preview_limits,
)


@pytest.mark.parametrize(
    ("pictures", "other_bytes", "expected"),
    [
        (0, 0, PreviewLimits(0, 1024, RESULT_PREVIEW_BYTES)),
        (1, 0, PreviewLimits(1, 1024, RESULT_PREVIEW_BYTES)),
        (2, 12_000, PreviewLimits(2, 768, RESULT_PREVIEW_BYTES // 2)),
        (4, 12_000, PreviewLimits(4, 768, RESULT_PREVIEW_BYTES // 4)),
        (5, 12_000, PreviewLimits(5, 512, RESULT_PREVIEW_BYTES // 5)),
        (40, 12_000, PreviewLimits(8, 512, RESULT_PREVIEW_BYTES // 8)),
        (40, 60_000, PreviewLimits(2, 768, RESULT_PREVIEW_BYTES // 2)),
        (1, 68_000, PreviewLimits(0, 1024, RESULT_PREVIEW_BYTES)),
        (1, 10_000_000, PreviewLimits(0, 1024, RESULT_PREVIEW_BYTES)),
    ],
)
def test_previews_share_what_the_text_leaves(pictures: int, other_bytes: int, expected: PreviewLimits) -> None:
    assert compute_preview_limits(pictures, other_bytes) == expected


@pytest.mark.parametrize("other_bytes", range(0, 75_000, 1_000))
def test_no_result_passes_25000_tokens_or_a_mebibyte(other_bytes: int) -> None:
    each = compute_preview_limits(100, other_bytes)
    assert each.count * PREVIEW_TOKENS + other_bytes / 3 <= 25_000
    assert each.count * each.size * 4 / 3 + other_bytes <= 2**20
