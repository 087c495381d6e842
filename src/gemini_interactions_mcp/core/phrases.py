"""Wording of counts, durations, amounts of money and paragraphs. Pure."""


def format_duration(seconds: float) -> str:
    """Format seconds as `45 s`, `12 min`, `1 h 5 min` or `3 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(int(seconds // 60), 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def join_paragraphs(*parts: str) -> str:
    """Join the parts that are not empty as paragraphs, with a newline at the end."""
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def format_count(number: int, noun: str, plural: str = "") -> str:
    """Format a number with its noun: `1 page`, `3 pages`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def format_size(size: int) -> str:
    """Format a number of bytes as `812 bytes`, `3.4 KiB` or `9.2 MiB`."""
    if size < 2**10:
        return format_count(size, "byte")
    return f"{size / 2**10:,.1f} KiB" if size < 2**20 else f"{size / 2**20:,.1f} MiB"


def format_dollars(micros: int) -> str:
    """Format millionths of a dollar: `$1.37`, `$0.034` and `$0.0042` with two digits of their own, and `<$0.0001`."""
    dollars = micros / 1_000_000
    if micros == 0 or dollars >= 0.1:
        return f"${dollars:,.2f}"
    if dollars >= 0.01:
        return f"${dollars:.3f}".removesuffix("0")
    return f"${dollars:.4f}" if dollars >= 0.001 else f"${dollars:.5f}" if dollars >= 0.0001 else "<$0.0001"


def format_estimate(micros: int) -> str:
    """Format millionths of a dollar that are an estimate: `~$0.0042`, and `<$0.0001`."""
    return f"~{format_dollars(micros)}".replace("~<", "<")
