from . import pictures as pictures
from . import posters as posters
from . import provenance as provenance
from . import saving as saving
from .durations import measure_duration as measure_duration
from .pictures import make_preview as make_preview
from .unwritable import make_unwritable_error as make_unwritable_error
