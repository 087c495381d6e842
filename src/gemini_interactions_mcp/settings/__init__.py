"""The user's configuration: one table of settings, and the only reader of the environment.

A row of the table is a field of `Settings` with its `SettingVariable`; the same rows make docs/settings.md. A wrong
value never ends the server: its default is used, and `Settings.findings` names it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
