from . import agents as agents
from . import intents as intents
from .changes import Changes as Changes
from .registry import Runs as Runs
from .run import Pace as Pace
from .run import Run as Run
from .sandboxes import Environments as Environments
