"""Text of answers: blocks with citations, filler, and sentences that repeat the request."""

from dataclasses import dataclass, field
from itertools import cycle, islice

from .protocol import JsonDict
from .questions import Question

FILLER_SENTENCE = (
    "the emulator writes calm and even prose about nothing in particular so that long answers can be paged"
    " and measured without any model having run while naïve readers — if any — lose no time"
)
FILLER_PARAGRAPH_WORDS = 80


@dataclass
class Prose:
    """A text block under construction; `annotations` point into it.

    Offsets are UTF-8 bytes, the end exclusive: google-genai 3.6.1, `URLCitation`.
    """

    text: str = ""
    annotations: list[JsonDict] = field(default_factory=list[JsonDict])

    def write(self, text: str) -> None:
        """Append plain text."""
        self.text += text

    def cite(self, sentence: str, source: JsonDict) -> None:
        """Append a sentence with a citation of its source."""
        start = len(self.text.encode())
        self.text += sentence
        self.annotations.append({**source, "start_index": start, "end_index": len(self.text.encode())})

    def render(self) -> JsonDict:
        """Return the text block."""
        block: JsonDict = {"type": "text", "text": self.text}
        return {**block, "annotations": self.annotations} if self.annotations else block

    def truncate(self, size_bytes: int) -> bool:
        """Keep at most `size_bytes` bytes of whole characters; return whether text was lost."""
        kept = self.text.encode()[:size_bytes].decode(errors="ignore")
        lost = len(kept) < len(self.text)
        self.text = kept
        self.annotations = [entry for entry in self.annotations if entry["end_index"] <= len(kept.encode())]
        return lost


def write_filler(words: int) -> str:
    """Return that many words, in numbered paragraphs."""
    paragraphs: list[str] = []
    supply = cycle(FILLER_SENTENCE.split())
    for number, start in enumerate(range(0, words, FILLER_PARAGRAPH_WORDS), start=1):
        chosen = " ".join(islice(supply, min(FILLER_PARAGRAPH_WORDS, words - start)))
        paragraphs.append(f"{number}. {chosen}.")
    return "\n\n".join(paragraphs)


def write_opening(question: Question) -> str:
    """Return the sentence that begins every answer and says that nothing ran."""
    kind = "agent" if "agent" in question.body else "model"
    return f"Emulated answer by {question.name} (no {kind} ran)."


def describe_request(question: Question) -> list[str]:
    """Return one line for each part of the request beside the prompt."""
    body, turn = question.body, question.turn
    lines = [f"System instruction: {body['system_instruction']}"] if body.get("system_instruction") else []
    lines += [f"Tools: {', '.join(question.tools)}."] if question.tools else []
    earlier = (*question.earlier_prompts, *turn.earlier_prompts)
    if earlier:
        lines.append(f"Earlier turns: {len(earlier)}. The previous prompt was: “{earlier[-1]}”")
    lines += [f"Result of {result}" for result in turn.function_results]
    described = [attachment.describe() for attachment in turn.attachments]
    lines += [f"File {number}, {line}" for number, line in enumerate(described, start=1)]
    return [*lines, *question.sandbox]
