"""Commands: serve (the default), demo, emulator, doctor.

The only package that prints, parses arguments and knows the emulator. No other package imports it.
"""
