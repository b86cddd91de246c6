"""The reliability plot as a small SVG: confidence against accuracy."""

from __future__ import annotations

from pathlib import Path

SIZE, MARGIN = 320, 46
COLOURS = ("#1b6ca8", "#d1495b", "#2a9d5c", "#e09f3e", "#6d4c91", "#555555")


def place(share: float) -> float:
    return round(share * SIZE, 1)


def reliability_plot(curves: dict[str, list[dict]], path: Path) -> None:
    """One line per set, without bins of fewer than 20 texts."""
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE + MARGIN + 130} {SIZE + 2 * MARGIN}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>', f'<g transform="translate({MARGIN},{MARGIN // 2})">',
           f'<rect width="{SIZE}" height="{SIZE}" fill="none" stroke="#999"/>',
           f'<line x1="0" y1="{SIZE}" x2="{SIZE}" y2="0" stroke="#bbb" stroke-dasharray="4 4"/>']
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        out.append(f'<text x="{place(tick)}" y="{SIZE + 16}" text-anchor="middle">{tick:g}</text>')
        out.append(f'<text x="-6" y="{SIZE - place(tick) + 4}" text-anchor="end">{tick:g}</text>')
    out.append(f'<text x="{SIZE / 2}" y="{SIZE + 36}" text-anchor="middle">stated probability of the top label</text>')
    out.append(f'<text transform="translate(-34,{SIZE / 2}) rotate(-90)" text-anchor="middle">share that is right</text>')
    for index, (name, rows) in enumerate(sorted(curves.items())):
        colour = COLOURS[index % len(COLOURS)]
        points = [(place(row["confidence"]), round(SIZE - place(row["accuracy"]), 1)) for row in rows if row["count"] >= 20]
        out.append(f'<polyline points="{" ".join(f"{x},{y}" for x, y in points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{SIZE + 12}" y="{20 + 18 * index}" fill="{colour}">{name}</text>')
    path.write_text("\n".join([*out, "</g></svg>"]) + "\n", encoding="utf-8")
