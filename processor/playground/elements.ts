/** The element of an id; the page has it, or the page is broken. */
export function byId<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element as T
}

type Attributes = Readonly<Record<string, string | number>>

/** An element with text or children. Texts are never read as HTML. */
export function element(name: string, attributes: Attributes, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.append(...children)
  return made
}

export function drawing(name: string, attributes: Attributes, ...children: Node[]): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.append(...children)
  return made
}

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** Labels of other models get the colour of what they mean. */
export function toneOf(valence: number): 'negative' | 'neutral' | 'positive' {
  if (valence > 0.25) return 'positive'
  return valence < -0.25 ? 'negative' : 'neutral'
}

export function showProblem(where: HTMLElement, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  where.replaceChildren(element('p', { class: 'problem', role: 'alert' }, message))
}
