"""Agent Skills: how to do the usual work with this server's tools, as documents that hosts give to their models.

Each folder is a skill (https://agentskills.io/specification). A client gets what fits the tools that it is offered.
"""
