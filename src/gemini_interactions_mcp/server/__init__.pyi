from .app import Server as Server
from .app import build_server as build_server
from .identity import PrincipalToken as PrincipalToken
from .identity import build_principal as build_principal
from .identity import identify_principal as identify_principal
from .scopes import find_required_scope as find_required_scope
from .tools.table import TOOLS as TOOLS
from .views.assets import assemble_app as assemble_app
