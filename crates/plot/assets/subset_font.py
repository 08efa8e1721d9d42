"""Regenerates the embedded fonts from the upstream Inter release.

    pip install fonttools
    python subset_font.py <folder with Inter-Regular.otf and Inter-SemiBold.otf>

Per weight it writes `inter-<weight>.otf`, the glyphs that pictures use, and
`inter-<weight>.metrics`: a first line `ascent descent` and then one line per character,
`codepoint-hex advance left-bearing`. Every length is in thousandths of the em.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
SYMBOLS = "∂√∞≤≥≈≠±×·−–—‖→←↑↓°′″…“”‘’•∫∑∆½µ"
RANGES = [(0x20, 0x7F), (0xA0, 0x180), (0x391, 0x3CA)]


def wanted() -> set[int]:
    """Latin, Greek and the signs of units and equations."""
    signs = {ord(c) for c in SUPERSCRIPTS + SUBSCRIPTS + SYMBOLS}
    return signs | {c for low, high in RANGES for c in range(low, high)}


def write_subset(source: Path, stem: str) -> None:
    """Writes the reduced font and its metrics beside this script."""
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    here = Path(__file__).parent
    subset.save_font(font, str(here / f"{stem}.otf"), options)
    (here / f"{stem}.metrics").write_text("\n".join(metrics(here / f"{stem}.otf")) + "\n")


def metrics(path: Path) -> list[str]:
    """Lines of the metrics file of one font."""
    font = TTFont(path)
    unit = 1000.0 / font["head"].unitsPerEm
    glyphs = font.getGlyphSet()
    lines = [f"{font['hhea'].ascent * unit:.1f} {-font['hhea'].descent * unit:.1f}"]
    for code, name in sorted(font.getBestCmap().items()):
        pen = BoundsPen(glyphs)
        glyphs[name].draw(pen)
        left = pen.bounds[0] if pen.bounds else 0
        lines.append(f"{code:x} {glyphs[name].width * unit:.1f} {left * unit:.1f}")
    return lines


if __name__ == "__main__":
    upstream = Path(sys.argv[1])
    write_subset(upstream / "Inter-Regular.otf", "inter-regular")
    write_subset(upstream / "Inter-SemiBold.otf", "inter-semibold")
