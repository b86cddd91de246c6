"""Gates, which a model must pass before it is packaged, and aims, which it should reach."""

from __future__ import annotations


def failures(kind: str, quality: dict[str, dict], gates: dict, reference: dict[str, dict] | None = None,
             file_bytes: int = 0) -> list[str]:
    """The failed gates, one sentence each; `reference` is the quality of the default model when gating the fast one."""
    found = []
    for name, row in quality.items():
        most = gates["ece"].get(name, gates["ece"]["any"])
        if row["ece"] > most:
            found.append(f"{kind}/{name}: calibration error {row['ece']:.4f} above {most}")
        lost = row["fp32MacroRecall"] - row["macroRecall"]
        if lost > gates["int8_loss"]:
            found.append(f"{kind}/{name}: int8 loses {lost:.4f} of macro-recall, more than {gates['int8_loss']}")
        if kind == "default" and row["macroRecall"] < gates["default"].get(name, 0.0):
            found.append(f"{kind}/{name}: macro-recall {row['macroRecall']:.4f} below {gates['default'][name]}")
        if kind == "fast" and reference is not None:
            below = reference[name]["macroRecall"] - row["macroRecall"]
            if below > gates["fast"]["below_default"]:
                found.append(f"{kind}/{name}: {below:.4f} below the default, more than {gates['fast']['below_default']}")
    if file_bytes > gates["file_bytes"]:
        found.append(f"{kind}: model.onnx has {file_bytes} bytes, more than {gates['file_bytes']}")
    return found


def short_of(aims: dict[str, float], quality: dict[str, dict]) -> list[str]:
    """The aims that the default model misses, one line each; they are printed but do not prevent packaging."""
    return [f"{name}: macro-recall {quality[name]['macroRecall']:.4f}, aim {aim}" for name, aim in aims.items()
            if name in quality and quality[name]["macroRecall"] < aim]
