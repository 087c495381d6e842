from . import clock as clock
from .clock import TWIN_SECONDS as TWIN_SECONDS
from .clock import now as now
from .database import shield_cancellation as shield_cancellation
from .journal import Journal as Journal
from .queries import DELIVERY_FIELDS as DELIVERY_FIELDS
from .queries import ResearchLimit as ResearchLimit
