"""The commands: serve, demo, emulator, doctor. Only these print."""
