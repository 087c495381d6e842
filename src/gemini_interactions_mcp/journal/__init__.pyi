from . import clock as clock
from .clock import TWIN_SECONDS as TWIN_SECONDS
from .clock import now as now
from .database import uncancelled as uncancelled
from .journal import Journal as Journal
from .queries import DELIVERY as DELIVERY
from .queries import Limit as Limit
