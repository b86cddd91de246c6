/**
 * A visible character: letters, digits, punctuation, symbols, private-use and unassigned ones (an emoji of a later Unicode
 * version is unassigned here). Not visible: white space, controls, formats (joiners, direction marks), default-ignorable
 * characters (variation selectors, Hangul fillers), combining marks, noncharacters, and characters with an empty glyph: the
 * braille blank, the Egyptian blanks and the null note head.
 */
const visible =
  /[^\s\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{13441}\u{13442}\u{1d159}]/u

/** True if the text has no visible character. Used for records, requests and files. */
export function isBlankText(text: string): boolean {
  return !visible.test(text)
}
