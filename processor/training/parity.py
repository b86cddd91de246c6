"""Checks that Node and Python produce the same tokens, on every text of a data folder and on adversarial texts.

    python -m training.parity --data DIR        compare on every text under DIR (needs node and the npm packages)
    python -m training.parity --write           rewrite processor/model/tokenizer-golden.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Sequence

from tokenizers import Tokenizer

from .data import read_folder

HERE = Path(__file__).parent
MODEL = HERE.parent / "model"

INVENTED = (
    "I love it", "Not bad at all!", "", " ", "\t\n", "ok", "THIS IS LOUD", "Straße und İstanbul ı ẞ", "ﬁne ligature ﬂow",
    "naïve café über señor", "e\u0301 combining and precomposed é", "\u0301 a lone mark \u0308\u0308", "zero\u200bwidth\u200djoin\u200cer \u2060word",
    "\ufeffbyte order mark", "soft\u00adhyphen", "control\u0000\u0007\u001bcharacters", "line one\nline two\r\nline three", "non\u00a0breaking\u2003spaces\u3000wide",
    "next\u0085line\u2028separator\u2029paragraph", "private \ue000 use and unassigned \u0378", "tags \U000e0041\U000e0042", "本当に素晴らしい映画でした", "这家餐厅非常好吃！",
    "정말 최고예요", "очень плохо, не советую", "هذا رائع جدا", "नमस्ते दुनिया", "ไม่ชอบเลย", "😂😂 so funny", "👍🏽 great", "👩‍👩‍👧‍👦 family day 🎉🎉", "🙄 sure",
    "no 😡 way 💩", "🫨🫠 new faces 🪿", "🇫🇷 flags 🇧🇷", ":) :-( ;D <3 xD", "I ❤️ this ♥", "@someone thanks!", "@a_b99 and (@c) but not me@example.org, @@twice .@dot",
    "see https://example.org/path?q=1&r=2#top now", "HTTP://EXAMPLE.ORG www.example.org/x, Www.Example.org.", "http alone and https: too", "#hashtag #TwoWords2 #",
    "Tom &amp; Jerry &lt;3 &quot;quoted&quot; &#39;single&#39; &nbsp;gap", "&amp;lt;twice&amp;gt; &unknown; &", 'say \\"hi\\" and \\\'bye\\\'', "one\\ntwo\\tthree \\u2019s \\u002c \\u201cok\\u201d",
    'a ""doubled"" quote', "don’t ‘single’ “double” … — – dashes", "wow!!!!!!!! what????? hmmm.......", "soooooo goooood yessss", "$100 €5 £3 ¥9 ₿2 50% ±1",
    "1,234.56 3rd 10:45 2026-01-01", "a_b-c/d\\e|f~g^h`i", "[MASK] [CLS] [SEP] [PAD] [UNK] [NAME]", "<b>markup</b> {json: [1]} x=y", "x" * 99, "x" * 101, "y" * 300 + " after",
    "word " * 300, "é" * 120, "①②③ ½ ² ™ ©", "٣٤٥ ৪৫ Ⅷ", "ＦＵＬＬ　ＷＩＤＴＨ", "\U0001d4d7\U0001d4ee\U0001d4f5\U0001d4f5\U0001d4f8 math letters", "Z̸a̸l̸g̸o̸", "mixed 中文 and English文字",
)


def write_golden(tokenizer: Tokenizer, path: Path) -> None:
    rows = [json.dumps({"text": text, "ids": tokenizer.encode(text).ids}, ensure_ascii=True) for text in INVENTED]
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.parity", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with dev/ (and train/) of labelled texts")
    parser.add_argument("--model", type=Path, default=MODEL, help="folder with tokenizer.json")
    parser.add_argument("--write", action="store_true", help="rewrite tokenizer-golden.json there")
    options = parser.parse_args(given)
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    if options.write:
        write_golden(tokenizer, options.model / "tokenizer-golden.json")
    texts = list(INVENTED)
    for part in ("dev", "train"):
        if options.data and (options.data / part).is_dir():
            texts += [row.text for rows in read_folder(options.data / part).values() for row in rows]
    cases = "".join(json.dumps({"text": text, "ids": encoding.ids}) + "\n"
                    for text, encoding in zip(texts, tokenizer.encode_batch(texts)))
    node = subprocess.run(["node", str(HERE / "parity.mjs"), str(options.model / "tokenizer.json")],
                          input=cases, text=True, check=False)
    return node.returncode


if __name__ == "__main__":
    sys.exit(main())
