"""The tools: one async function each, and the TOOLS table.

A new tool is a function in the module of its kind and a row in `table.TOOLS`.
"""
