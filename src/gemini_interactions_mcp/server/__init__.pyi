from .app import Server as Server
from .app import build_server as build_server
from .views.assets import assemble_app as assemble_app
