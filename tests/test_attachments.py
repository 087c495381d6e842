"""What goes along with a text: never more than hosts take of one result."""

import pytest

from gemini_interactions_mcp.server.results.previews import IMAGE_TOKENS, PREVIEW_BYTES, Share, share


@pytest.mark.parametrize(
    ("pictures", "other_bytes", "expected"),
    [
        (0, 0, Share(0, 1024, PREVIEW_BYTES)),
        (1, 0, Share(1, 1024, PREVIEW_BYTES)),
        (2, 12_000, Share(2, 768, PREVIEW_BYTES // 2)),
        (4, 12_000, Share(4, 768, PREVIEW_BYTES // 4)),
        (5, 12_000, Share(5, 512, PREVIEW_BYTES // 5)),
        (40, 12_000, Share(8, 512, PREVIEW_BYTES // 8)),
        (40, 60_000, Share(2, 768, PREVIEW_BYTES // 2)),
        (1, 68_000, Share(0, 1024, PREVIEW_BYTES)),
        (1, 10_000_000, Share(0, 1024, PREVIEW_BYTES)),
    ],
)
def test_previews_share_what_the_text_leaves(pictures: int, other_bytes: int, expected: Share) -> None:
    assert share(pictures, other_bytes) == expected


@pytest.mark.parametrize("other_bytes", range(0, 75_000, 1_000))
def test_no_result_passes_25000_tokens_or_a_mebibyte(other_bytes: int) -> None:
    each = share(100, other_bytes)
    assert each.count * IMAGE_TOKENS + other_bytes / 3 <= 25_000
    assert each.count * each.size * 4 / 3 + other_bytes <= 2**20
