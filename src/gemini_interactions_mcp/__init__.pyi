from .core import ErrorCode as ErrorCode
from .server import RESULT_KEY as RESULT_KEY
from .server import ResultFacts as ResultFacts
from .server import ResultFile as ResultFile
from .server import Server as Server
from .server import build_server as build_server
from .settings import Settings as Settings

__version__: str
