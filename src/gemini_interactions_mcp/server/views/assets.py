"""Puts the assets of the app together. A stand-in."""


def assemble_app() -> str:
    """Return the app as one HTML page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gemini</title><style>p{color:#222}</style>'
        "</head><body><main><h1>Gemini</h1><p>Nothing yet.</p></main><script>document.title='Gemini view'</script>"
        "</body></html>"
    )
