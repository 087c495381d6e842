"""Icons: drawn from their SVG files, shown by hosts that can, and said once.

After a change of an SVG file, `UPDATE=1 python -m pytest tests/test_icons.py` draws the others.
"""

import base64
import io
import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import resvg_py
from mcp_types import SERVER_INFO_META_KEY
from PIL import Image, ImageChops, ImageStat

import gemini_interactions_mcp
from gemini_interactions_mcp.server.icons.marks import TOOL_ICONS, WEBSITE, build_icon
from gemini_interactions_mcp.server.tools.table import TOOL_SCOPES
from gemini_interactions_mcp.server.views.assets import assemble_app
from gemini_interactions_mcp.settings.toolsets import TOOLSETS
from wired import HANDSHAKES, MODERN, environment, hello, line, wired

ROOT = Path(__file__).parent.parent
ICONS = Path(gemini_interactions_mcp.__file__).parent / "server" / "icons"
MASTER = ROOT / "assets" / "icon.svg"
COPIES = (ICONS / "server.svg", ROOT / "docs" / "assets" / "icon.svg")
DRAWN = {
    ICONS / "server.png": (MASTER, 32),
    ROOT / "assets" / "icon.png": (MASTER, 512),
    ROOT / "assets" / "icon-128.png": (MASTER, 128),
    ROOT / "docs" / "assets" / "favicon.png": (MASTER, 64),
    **{ICONS / f"{toolset}.png": (ICONS / f"{toolset}.svg", 32) for toolset in TOOLSETS},
}
"""Each PNG with the SVG and the size that it is drawn from."""

UPDATE = os.environ.get("UPDATE") == "1"
Json = dict[str, Any]


def draw(path: Path, size: int) -> Image.Image:
    drawn = resvg_py.svg_to_bytes(svg_string=path.read_text(encoding="utf-8"), width=size, height=size)
    return Image.open(io.BytesIO(bytes(drawn))).convert("RGBA")


def save(image: Image.Image, path: Path, colours: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(colours, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_a_png_shows_what_its_svg_shows(path: Path) -> None:
    """Nearly: other versions of the library may blend edges otherwise, and a PNG has few colours."""
    source, size = DRAWN[path]
    drawn = draw(source, size)
    if UPDATE:
        save(drawn, path, 8 if path.stem in TOOLSETS else 64)
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (size, size))
        difference = ImageChops.difference(image.convert("RGBA"), drawn)
    assert max(ImageStat.Stat(difference).mean) < 4
    assert max(ImageStat.Stat(draw(source, size)).stddev) > 4 * 4


def test_copies_of_the_mark_are_the_mark() -> None:
    for copy in COPIES:
        if UPDATE:
            copy.write_text(MASTER.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
        assert copy.read_text(encoding="utf-8") == MASTER.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted({source for source, _ in DRAWN.values()}), ids=lambda path: path.name)
def test_an_svg_is_a_drawing_and_nothing_else(path: Path) -> None:
    """No script, no reference, nothing to load: hosts show it on their own pages."""
    text = path.read_text(encoding="utf-8")
    assert len(text) < 800
    root = ET.fromstring(text)
    names = {each.tag.removeprefix("{http://www.w3.org/2000/svg}") for each in root.iter()}
    assert names <= {"svg", "path", "rect"}
    assert not re.search(r"\bon\w+=|href|url\(|style=|javascript", text)


def contrast(colour: str, ground: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(colour), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("toolset", TOOLSETS)
@pytest.mark.parametrize("ground", ["#ffffff", "#1f1f1f"])
def test_icons_of_tools_stand_out_in_light_and_dark(toolset: str, ground: str) -> None:
    """3:1 is asked of graphics: https://www.w3.org/TR/WCAG21/#non-text-contrast"""
    (colour,) = set(re.findall(r'stroke="(#[0-9a-f]{6})"', (ICONS / f"{toolset}.svg").read_text(encoding="utf-8")))
    assert contrast(colour, ground) >= 3


async def introduced(folder: Path, version: str) -> Json:
    """What the server says of itself first."""
    async with wired(environment(folder, None)) as server:
        opened = await server.open(version)
        return opened.get("serverInfo") or opened["_meta"]["io.modelcontextprotocol/serverInfo"]


@pytest.mark.parametrize("version", ["2025-11-25", MODERN])
async def test_the_server_introduces_itself_with_its_icons(version: str, tmp_path: Path) -> None:
    info = await introduced(tmp_path, version)
    assert info["websiteUrl"] == WEBSITE
    svg, png = info["icons"]
    assert svg == {"src": svg["src"], "mimeType": "image/svg+xml", "sizes": ["any"]}
    assert png == {"src": png["src"], "mimeType": "image/png", "sizes": ["32x32"]}
    assert content(svg) == (ICONS / "server.svg").read_bytes()
    assert content(png) == (ICONS / "server.png").read_bytes()


def content(icon: Json) -> bytes:
    head, _, encoded = icon["src"].partition(",")
    assert head == f"data:{icon['mimeType']};base64"
    return base64.b64decode(encoded, validate=True)


@pytest.mark.parametrize("version", HANDSHAKES[:-1])
async def test_versions_without_icons_are_told_none(version: str, tmp_path: Path) -> None:
    assert "icons" not in await introduced(tmp_path, version)


async def test_the_icons_of_the_server_are_not_repeated_in_results(tmp_path: Path) -> None:
    async with wired(environment(tmp_path, None)) as server:
        await server.open(MODERN)
        for method in ("tools/list", "prompts/list", "skills/list", "resources/templates/list"):
            result = await server.result(method)
            assert not {"icons", "websiteUrl"} & result["_meta"][SERVER_INFO_META_KEY].keys()


async def listed(folder: Path, name: str) -> list[Json]:
    """The tools that a client of a name is listed."""
    async with wired(environment(folder, None)) as server:
        opening = hello("2025-11-25")
        opening["clientInfo"] = {"name": name, "version": "1"}
        await server.result("initialize", **opening)
        server.write(line("notifications/initialized", None, {}))
        return (await server.result("tools/list"))["tools"]


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [
        ("Visual Studio Code", "image/png"),
        ("Visual Studio Code - Insiders", "image/png"),
        ("mcp-inspector", "image/svg+xml"),
    ],
)
async def test_hosts_that_show_icons_get_one_for_each_tool(name: str, mime_type: str, tmp_path: Path) -> None:
    tools = await listed(tmp_path, name)
    for tool in tools:
        (icon,) = tool["icons"]
        assert icon["mimeType"] == mime_type
        assert content(icon) in [
            (ICONS / f"{toolset}{suffix}").read_bytes() for toolset in TOOLSETS for suffix in (".svg", ".png")
        ]
    assert len({tool["icons"][0]["src"] for tool in tools}) == len(TOOLSETS)


@pytest.mark.parametrize("name", ["claude-code", "codex-mcp-client", "something else", ""])
async def test_hosts_that_show_no_icons_are_sent_none(name: str, tmp_path: Path) -> None:
    assert [tool["name"] for tool in await listed(tmp_path, name) if "icons" in tool] == []


def test_every_tool_has_an_icon_and_every_icon_is_short() -> None:
    assert set(TOOL_ICONS) == set(TOOL_SCOPES) - {"read_view"}
    for toolset in set(TOOL_ICONS.values()):
        assert len(build_icon(toolset, "image/svg+xml").src) < 500
        assert len(build_icon(toolset, "image/png").src) < 900
    assert sum(len(build_icon("server", mime_type).src) for mime_type in ("image/svg+xml", "image/png")) < 2_500


def test_the_page_in_the_browser_has_the_mark_without_loading_it() -> None:
    assert f'<link rel="icon" href="{build_icon("server", "image/svg+xml").src}">' in assemble_app(tab=True)
    assert "icon" not in assemble_app().partition("<style>")[0]


def test_the_bundle_shows_the_mark() -> None:
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["icon"] == "assets/icon.png"
    for icon in manifest["icons"]:
        with Image.open(ROOT / icon["src"]) as image:
            assert f"{image.width}x{image.height}" == icon["size"]
