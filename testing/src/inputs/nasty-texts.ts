const maxTextBytes = 64 * 1024

/** As much of the pattern as a text may hold. */
function fill(pattern: string): string {
  return pattern.repeat(Math.floor(maxTextBytes / Buffer.byteLength(pattern)))
}

/** Texts at the size limit, each of a kind that some tokenizer has been slow on. */
export const nastyTexts: Readonly<Record<string, string>> = {
  'one word': fill('a'),
  'one word of accents': fill('é'),
  'one word that almost splits': `${fill('un')}`,
  'words at the limit of a word': fill(`${'un'.repeat(50)} `),
  'words of one letter': fill('a '),
  'words without a split': fill(`${'zq'.repeat(49)}\u4e00 `),
  punctuation: fill('!'),
  'every kind of punctuation': fill(`!"#$%&'()*+,-./:;<=>?@[]^_{|}~`),
  spaces: fill(' '),
  'kinds of space': fill('\u00a0\u2003\u3000\t\n'),
  'zero width': fill('\u200b\u200d\ufeff'),
  'turned round': fill('\u202ea\u2066b'),
  'combining marks': fill('a\u0301\u0302\u0303\u0304\u0305'),
  'marks alone': fill('\u0301'),
  'marks in no order': fill('\u0e38\u0323\u0301\u0e38'),
  'characters that decompose': fill('\ufdfa'),
  hangul: fill('\uac01'),
  ideographs: fill('\u4e00'),
  emoji: fill('\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'),
  'half characters': fill('\ufffd'),
  controls: fill('\u0001\u0002'),
  'names of special tokens': fill('[CLS][SEP][MASK]'),
  'pieces as text': fill('##un##able'),
  addresses: fill('https://a.b/c?d=e&f '),
  'capitals that grow': fill('\u0130\u1e9e'),
  digits: fill('9'),
}
