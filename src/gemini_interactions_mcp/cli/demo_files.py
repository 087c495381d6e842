"""Sample files for the `demo` command."""

import math
import os
import struct
import wave
from pathlib import Path

from PIL import Image, ImageDraw


def make_sample_files(folder: Path) -> list[Path]:
    """Create a PNG, a PDF, a WAV and a text file; return their paths."""
    folder.mkdir(parents=True)
    return [make_png(folder), make_pdf(folder), make_wav(folder), make_text(folder)]


def make_png(folder: Path) -> Path:
    """Draw a lighthouse."""
    image = Image.new("RGB", (640, 400), "skyblue")
    brush = ImageDraw.Draw(image)
    brush.polygon([(290, 360), (350, 360), (335, 120), (305, 120)], fill="white", outline="black")
    brush.rectangle((300, 90, 340, 120), fill="gold", outline="black")
    brush.rectangle((0, 360, 640, 400), fill="seagreen")
    image.save(path := folder / "lighthouse.png")
    return path


def make_pdf(folder: Path) -> Path:
    """Create a page with a title."""
    page = Image.new("RGB", (595, 842), "white")
    ImageDraw.Draw(page).text((60, 60), "Tide table of a small harbour", fill="black")
    page.save(path := folder / "tides.pdf")
    return path


def make_wav(folder: Path) -> Path:
    """Create half a second of a foghorn."""
    rate = 16_000
    samples = (int(9_000 * math.sin(2 * math.pi * 110 * i / rate)) for i in range(rate // 2))
    with wave.open(str(path := folder / "foghorn.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


def make_text(folder: Path) -> Path:
    """Create a line of UTF-8."""
    path = folder / "notes.txt"
    path.write_text("Ebbe und Flut: 潮の満ち引き 🌊" + os.linesep, encoding="utf-8")
    return path
