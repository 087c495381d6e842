"""MCP prompts: four workflows of more than one call.

A tool of another toolset is named through the `ToolGuide` only.
"""

from functools import cache

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts.base import Prompt

from gemini_interactions_mcp.settings import TOOLSETS

from .context import Ctx, Opening
from .identity import identify_principal

SENDING_STEP = (
    "If the file below is on my machine, send it with upload_file first, and give the gemini://uploads/ID that this "
    "returns in its place.\n\n"
)


def deep_research(question: str) -> str:
    """Plan, approve, run and read a Deep Research report."""
    return f"""Research this with Gemini Deep Research: {question}

1. Call start_research with plan_first=true. Wait for the plan with check_research.
2. Show me the plan. If I want changes, call start_research again with plan_first=true, my changes as the prompt \
and the plan's interaction_id as previous_interaction_id.
3. When I approve, call start_research with that previous_interaction_id and without plan_first.
4. Wait with check_research, as its answers say, until it has completed; do not start it again.
5. Read all pages. Summarise the findings in ten lines with their sources, and tell me where the report is saved."""


def second_opinion(subject: str) -> str:
    """Ask Gemini to judge a plan, an answer or code, and compare."""
    return f"""Get a second opinion from Gemini on this: {subject}

Call gemini_ask with thinking_level="high". Give it the facts and the question, not your own view. Then compare: \
where you agree, where you differ and who has the better reasons, and what you would do now."""


def explain_file(ctx: Ctx, path: str, question: str = "What is this and what matters in it?") -> str:
    """Have Gemini read a file and explain it."""
    rest = ctx.request_context.lifespan_context.guide(
        "Answer from what comes back. For further questions about the same file use gemini_continue with the "
        "interaction_id, so that the file is not sent again."
    )
    return f'{start_with_file(ctx)}Call analyze_file with files=["{path}"] and this prompt: {question}\n\n{rest}'


def edit_image(ctx: Ctx, path: str, change: str) -> str:
    """Change an image step by step."""
    return f"""{start_with_file(ctx)}Call generate_image with images=["{path}"] and this prompt: {change}

Show me the result and where it is saved. For each further change call generate_image with the \
previous_interaction_id of the last result and only the new change as the prompt."""


def start_with_file(ctx: Ctx) -> str:
    """Return what is done first with a file on the user's machine, where that is not the server's; else nothing."""
    return SENDING_STEP if identify_principal(ctx.request_context).remote else ""


PROMPTS = (
    ("research", deep_research, "Deep research"),
    ("ask", second_opinion, "Second opinion"),
    ("files", explain_file, "Explain a file"),
    ("images", edit_image, "Edit an image"),
)
"""All prompts with their toolsets and titles, in listing order."""


@cache
def build_prompts(toolsets: tuple[str, ...] = TOOLSETS) -> tuple[Prompt, ...]:
    """Build the prompts of some toolsets as the SDK takes them, once per process: no server changes them."""
    return tuple(
        Prompt.from_function(function, title=title) for toolset, function, title in PROMPTS if toolset in toolsets
    )


def register_prompts(mcp: MCPServer[Opening], toolsets: tuple[str, ...]) -> None:
    """Add the prompts of some toolsets to a server."""
    for prompt in build_prompts(toolsets):
        mcp.add_prompt(prompt)
