"""A local Interactions API, for the demo, for tests and for development.

`serve` runs an `Emulator` on loopback; any client that speaks the real API's protocol can talk to it. No model
runs: answers say so, and are made from what the request says. Refuses to reach any network.

Directives in a prompt change how it is answered:

- `[[words=3000]]` adds that many words, in paragraphs;
- `[[seconds=2]]` makes the run take that long;
- `[[images=3]]` makes an image model return that many, or none;
- `[[sources=200]]` and `[[charts=5]]` give a report that many;
- `[[code=2]]` answers with nothing but code that was run, every second piece in vain;
- `[[failures=15]]` has that many pages not be read, and a call of each other tool fail;
- `[[cites=links]]` and `[[cites=files]]` cite what is no page;
- `[[sends=html]]`, `[[sends=svg]]` and `[[sends=lie]]` make a picture what is none;
- `[[json=prose]]`, `[[json=other]]` and `[[json=fence]]` answer a schema with something else;
- `[[ends=IMAGE_SAFETY]]` ends without output for that reason (`incomplete`: by a limit), `[[finishes=MAX_TOKENS]]`
  with it.

Where it is not known how the real API behaves, `Doubts` names both ways, and `Emulator(doubts=CONTRARY)` goes the other
one each time.

An API key that begins with `invalid` is rejected; every other one is accepted. Hosts below `.invalid` cannot
be fetched. Speech, music and video models answer 501. Webhooks are accepted and never sent.
"""

from .answers import Answer, Question, dimensions
from .doubts import CONTRARY, Doubts
from .faults import Fault
from .files import File, Files
from .protocol import AGENTS, IMAGE_MODELS, MODELS, RESEARCH_AGENTS
from .refusals import (
    background_refused,
    not_found_yet,
    rate_limited,
    redirected,
    streamed_error,
    unreadable,
    unresumable,
    without_quota,
)
from .serving import serve
from .state import Emulator, Interaction, RecordedRequest

__all__ = [
    "AGENTS",
    "CONTRARY",
    "IMAGE_MODELS",
    "MODELS",
    "RESEARCH_AGENTS",
    "Answer",
    "Doubts",
    "Emulator",
    "Fault",
    "File",
    "Files",
    "Interaction",
    "Question",
    "RecordedRequest",
    "background_refused",
    "dimensions",
    "not_found_yet",
    "rate_limited",
    "redirected",
    "serve",
    "streamed_error",
    "unreadable",
    "unresumable",
    "without_quota",
]
