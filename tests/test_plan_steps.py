"""The steps of a plan, however it is written."""

import pytest

from gemini_interactions_mcp.text.plan_steps import MAX_STEPS, list_plan_steps


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        (
            "Intro.\n\n1. Find **sources**\n2. Compare\n   - in detail\n3. Write",
            ["Find sources", "Compare", "Write"],
        ),
        ("(1) Find\n(2) Compare", ["Find", "Compare"]),
        ("- Find\n- Compare\n", ["Find", "Compare"]),
        ("* Only item\n\nand a paragraph", ["Only item"]),
        ("# Plan\n\nText\n\n## Step `one` ##\n\nx", ["Plan", "Step one"]),
        (
            "First, sources are found.\n\nThen they are compared.",
            ["First, sources are found.", "Then they are compared."],
        ),
        ("Just do it.", ["Just do it."]),
        ("調査する。\n\n1) 情報源を探す\n2) 比べる", ["情報源を探す", "比べる"]),
        ("## Plan\n1. Find", ["Find"]),
        ("## Plan\n\nJust do it.", ["Plan", "Just do it."]),
        ("**1. Find sources**\n\n**2. Compare**", ["Find sources", "Compare"]),
        ("Step 1: Find\nStep 2: Compare", ["Find", "Compare"]),
        ("1、調べる\n2、比べる", ["調べる", "比べる"]),
        ("```\n1. not a step\n```\n\n- a step", ["a step"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_steps_are_items_headings_or_paragraphs(plan: str, steps: list[str]) -> None:
    assert list_plan_steps(plan) == steps


def test_long_plans_have_short_steps() -> None:
    steps = list_plan_steps("\n".join(f"{number}. {'word ' * 200}" for number in range(1, 900)), 48)
    assert len(steps) == MAX_STEPS
    assert all(len(step) <= 48 and step.endswith("…") for step in steps)


@pytest.mark.parametrize(
    "hostile", ["\n" * 60_000, "\n \t" * 20_000, f"# {' ' * 30_000}a{' ' * 30_000}b", "1. " * 20_000, "*" * 60_000]
)
def test_steps_are_found_in_linear_time(hostile: str) -> None:
    assert len(list_plan_steps(hostile)) <= MAX_STEPS
