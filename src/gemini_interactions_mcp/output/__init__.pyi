from . import pictures as pictures
from . import provenance as provenance
from . import saving as saving
from .pictures import preview as preview
from .saving import unwritable as unwritable
