"""The web view: its files, the data that it shows, and which clients are offered it.

A view is an addition: every result says the same in its text. What it shows is read like any other result, through the
runs and the journal.
"""
