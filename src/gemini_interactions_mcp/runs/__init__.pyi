from . import agents as agents
from . import intents as intents
from .changes import Changes as Changes
from .deletion import Deletion as Deletion
from .deletion import Remote as Remote
from .listing import RowConditions as RowConditions
from .run import Run as Run
from .runs import Runs as Runs
