"""tokenizer.json: WordPiece as trained, with our text normalisation put in front of it.

The normaliser is data, not code: Python and Node run the same definition. Every pattern is linear-time
and spelt in ASCII classes, for the two engines disagree on what \\w, \\s and \\b mean."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer

REGEXES = (
    ("(?:[Hh][Tt][Tt][Pp][Ss]?://|[Ww][Ww][Ww]\\.)[!-~]+", "http"),
    ("(?<![A-Za-z0-9_.])@[A-Za-z0-9_]+", "@user"),
    ("!{4,}", "!!!"),
    ("\\?{4,}", "???"),
    ("\\.{4,}", "..."),
)

# Escapes left in files and feeds: HTML entities (doubly escaped ones first), backslash escapes, doubled quotes.
LITERALS = (
    ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " "),
    ("\\u2019", "'"), ("\\u2018", "'"), ("\\u002c", ","), ("\\u201c", '"'), ("\\u201d", '"'),
    ("\\n", " "), ("\\r", " "), ("\\t", " "), ('\\"', '"'), ("\\'", "'"), ('""', '"'),
    ("\u2019", "'"), ("\u2018", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2026", "..."),
)

# The WordPiece vocabulary has no emoji, so each would be [UNK]. Frequent emoji are replaced by words.
EMOJI = (
    (" lol ", "😂🤣😹😆😅"),
    (" :) ", "😀😃😄😁😊🙂☺😌😉😎😇🤗😏😋😜😝😛🤪😸😺"),
    (" love ", "😍🥰😘😻💕💖💗💓💞💘💝💜💙💚💛🧡🖤🤍❤♥💋"),
    (" good ", "👍👌💯✅💪🙌👏🔥⭐🌟✨🏆🥇🤩"),
    (" yay ", "🎉🎊🥳🎈🎁🎂"),
    (" thanks ", "🙏"),
    (" crying ", "😢😭😿🥺😥"),
    (" :( ", "😞😔☹🙁😟😕😣😖😩😫😓😪💔"),
    (" angry ", "😡😠🤬👿😤🖕"),
    (" bad ", "👎💩🤮🤢❌"),
    (" ugh ", "🙄😒😑😬🤦"),
    (" scared ", "😱😨😰😧"),
    (" hmm ", "🤔😐😶🤷"),
    (" wow ", "😮😲😯🤯😳"),
)
INVISIBLE = "[\ufe0e\ufe0f\u200d\u200b\u200c\u2060\ufeff]|[\U0001f3fb-\U0001f3ff]"


def emoji_rules() -> list[tuple[str, str]]:
    return [("[" + "".join(dict.fromkeys(faces)) + "]", words) for words, faces in EMOJI]


def normalizer(variant: str = "full") -> dict:
    rules = [{"type": "Replace", "pattern": {"Regex": INVISIBLE}, "content": ""}]
    rules += [{"type": "Replace", "pattern": {"String": old}, "content": new} for old, new in LITERALS]
    rules += [{"type": "Replace", "pattern": {"Regex": old}, "content": new} for old, new in REGEXES]
    rules += [{"type": "Replace", "pattern": {"Regex": old}, "content": new} for old, new in emoji_rules()]
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True}
    return {"type": "Sequence", "normalizers": rules + [bert]}


def write_tokenizer(source: Path, target: Path, max_tokens: int) -> None:
    """Derives our tokenizer.json from that of the checkpoint: our normaliser, our token limit, no padding."""
    definition = json.loads(source.read_text(encoding="utf-8"))
    definition["normalizer"] = normalizer()
    definition["truncation"] = {"direction": "Right", "max_length": max_tokens, "strategy": "LongestFirst", "stride": 0}
    definition["padding"] = None
    target.write_text(json.dumps(definition, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    Tokenizer.from_file(str(target))


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
