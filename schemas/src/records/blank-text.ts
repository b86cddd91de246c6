/**
 * A character that can be seen by itself: letters, digits, punctuation, symbols, private and unassigned ones (an emoji of
 * next year's Unicode is unassigned here). Neither are white space, controls, formats (joiners, direction marks), what
 * Unicode lets a screen leave out (variation selectors, Hangul fillers), combining marks without a base, noncharacters,
 * and the characters whose glyph is empty: the braille blank, the Egyptian blanks and the null note head.
 */
const visible =
  /[^\s\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\u{13441}\u{13442}\u{1d159}]/u

/** Whether nothing of the text can be seen: the one rule for records, requests and files. */
export function isBlankText(text: string): boolean {
  return !visible.test(text)
}
