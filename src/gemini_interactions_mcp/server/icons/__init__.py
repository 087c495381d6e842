"""Icons that hosts show beside this server and its tools: `server` and one for each toolset, as SVG and PNG.

`UPDATE=1 python -m pytest tests/test_icons.py` draws the PNG files, and copies of the server's, from the SVG files.
"""
