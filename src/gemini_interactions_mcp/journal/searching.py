"""Conditions of the rows that a text is searched in."""

import re
from typing import Final

import sqlalchemy as sa

from gemini_interactions_mcp.core import replace_unstorable

from .schema import ASCII_PUNCTUATION, INTERACTIONS, SEARCHED_WORDS

MIN_INDEXED_CHARACTERS: Final = 3
"""Shorter texts are in so many rows that reading the newest ones finds a page at once."""

UNDIVIDED_CHARACTERS: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\ufffd\U00020000-\U0003ffff]"
)
"""Characters of scripts that write words without spaces (Thai, Lao, Burmese, Khmer, Chinese and Japanese), and what
stands for no character."""

SPACES: Final = str.maketrans(dict.fromkeys(ASCII_PUNCTUATION, " "))


def match_text(query: str) -> sa.ColumnElement[bool]:
    """Return the condition of rows with a text in the topic, the prompt, the answer or the id, in any case."""
    columns = (INTERACTIONS.c.topic, INTERACTIONS.c.prompt, INTERACTIONS.c.text, INTERACTIONS.c.interaction_id)
    return sa.or_(*(column.icontains(query, autoescape=True) for column in columns))


def match_words(query: str, owned: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition of rows with all words of a text, of which the last may go on.

    An index of PostgreSQL knows them. What has no words that such an index could know is searched for as a text.

    Args:
        query: The text.
        owned: The condition of all rows that are searched.
    """
    query = replace_unstorable(query)
    words = [word for word in query.translate(SPACES).split() if any(map(str.isalnum, word))]
    if len(query.strip()) < MIN_INDEXED_CHARACTERS or not words or UNDIVIDED_CHARACTERS.search(query):
        return match_text(query)
    terms = " & ".join([*(f"'{word}'" for word in words[:-1]), f"'{words[-1]}':*"])
    spoken = sa.text(f"{SEARCHED_WORDS} @@ to_tsquery('simple', :terms)").bindparams(terms=terms)
    # On its own, so that nothing makes the planner go through all rows and read the words of each.
    found = sa.select(INTERACTIONS.c.label).where(owned, spoken)
    return INTERACTIONS.c.label.in_(sa.select(found.cte("found").prefix_with("MATERIALIZED").c.label))
