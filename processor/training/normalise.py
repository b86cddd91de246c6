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

# What files and feeds leave behind: entities (twice escaped first), backslash escapes, doubled quotes.
LITERALS = (
    ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " "),
    ("\\u2019", "'"), ("\\u2018", "'"), ("\\u002c", ","), ("\\u201c", '"'), ("\\u201d", '"'),
    ("\\n", " "), ("\\r", " "), ("\\t", " "), ('\\"', '"'), ("\\'", "'"), ('""', '"'),
    ("\u2019", "'"), ("\u2018", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2026", "..."),
)

# WordPiece has no emoji: each would be [UNK]. The frequent ones become the words people use for them.
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
    """Derive our tokenizer.json from the checkpoint's: our normaliser, our limit, no padding."""
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
