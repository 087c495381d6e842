"""The tools: one async function each, and the table of them.

A new tool is a function in the module of its kind and a row in `table.TOOLS`; docs/development.md lists the rest.
"""
