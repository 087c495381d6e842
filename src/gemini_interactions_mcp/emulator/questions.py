"""The question that a request asks, with all that the answer depends on; and the answer, the outcome of a run."""

from dataclasses import dataclass, field

from .protocol import AnswerFamily, JsonDict, classify_name
from .requests import Turn, read_model_or_agent, read_tool_types

# Tools that an agent has without asking for them: https://ai.google.dev/gemini-api/docs/deep-research
DEFAULT_AGENT_TOOLS: dict[AnswerFamily, tuple[str, ...]] = {
    "research": ("google_search", "url_context", "code_execution"),
    "coding": ("code_execution",),
}


@dataclass(frozen=True)
class Question:
    """A request with everything that its answer depends on.

    Attributes:
        earlier_prompts: Prompts of the previous interactions, oldest first.
        earlier_bytes: Size of the text of the previous interactions, which the API reads (and bills) again.
        earlier_images: Images that the previous interactions have drawn, oldest first.
        file_citations: Citations of the documents that its file search finds.
        planned: Whether the previous interaction is a research plan.
        base_url: Base URL of redirect links, which lead to the emulator.
        picture_scale: Factor by which drawn pictures are smaller than requested.
        sandbox: What an agent finds in its environment, in lines.
    """

    body: JsonDict
    turn: Turn
    earlier_prompts: tuple[str, ...] = ()
    earlier_bytes: int = 0
    earlier_images: tuple[bytes, ...] = ()
    file_citations: tuple[JsonDict, ...] = ()
    planned: bool = False
    base_url: str = "https://example.com/"
    picture_scale: float = 1.0
    sandbox: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The requested model or agent."""
        return read_model_or_agent(self.body)

    @property
    def tools(self) -> list[str]:
        """The tools that the answer may use; agents have some by default."""
        return read_tool_types(self.body) or list(DEFAULT_AGENT_TOOLS.get(classify_name(self.name), ()))

    @property
    def is_slow(self) -> bool:
        """Whether answering belongs in a worker thread: it draws, or measures attached images."""
        has_images = any(attachment.content for attachment in self.turn.attachments)
        return has_images or classify_name(self.name) in ("image", "speech", "music", "video", "research")


@dataclass
class Answer:
    """The outcome of a run; `steps` are the generated ones."""

    steps: list[JsonDict]
    status: str = "completed"
    errors: list[JsonDict] = field(default_factory=list[JsonDict])
    continuation_token: str = ""
