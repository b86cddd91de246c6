import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { DemoLedger } from '../../../../local/demo/demo-ledger.ts'
import { DemoView } from '../../../../local/demo/demo-view.ts'

function setup(terminal: { isTTY: boolean; columns?: number }) {
  let written = ''
  const output = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        written += chunk
        done()
      },
    }),
    terminal,
  ) as unknown as NodeJS.WriteStream
  const ledger = new DemoLedger()
  return { view: new DemoView(output, ledger), ledger, text: () => written }
}

const score = { at: 'a', id: 'a', label: 'positive', valence: 0.9, scores: { positive: 1 }, truth: undefined }

describe('DemoView', () => {
  it('redraws in place on a terminal, within its width and without the control characters of a text', () => {
    const { view, text } = setup({ isTTY: true, columns: 60 })
    view.show(`one\u001b[2Jtwo ${'x'.repeat(200)}`, score)
    view.draw()
    view.draw()
    expect(text()).toContain('\u001b[2A\u001b[J')
    expect(text()).not.toContain('\u001b[2J')
    const line = text()
      .split('\n')
      .find((row) => row.includes('one'))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(line?.replace(/\u001b\[[0-9;]*m/g, '').length).toBeLessThan(60)
  })

  it('writes whole lines elsewhere, and not more than one every other second', () => {
    const { view, text } = setup({ isTTY: false })
    view.draw()
    view.draw()
    view.draw()
    expect(text().trim().split('\n')).toHaveLength(1)
    expect(text()).not.toContain('\u001b')
  })

  it('sums up with labels, codes and, where there were labels, the quality', () => {
    const { view, ledger, text } = setup({ isTTY: false })
    ledger.sent('a')
    ledger.sent('b')
    ledger.scored({ ...score, truth: 'positive' })
    ledger.deadLettered('b', 'VAL_TEXT_EMPTY')
    view.summarise(ledger.summary(2))
    for (const part of [
      /produced\s+2/,
      /scored\s+1/,
      /dead-lettered\s+1/,
      /lost\s+0/,
      /VAL_TEXT_EMPTY 1/,
      /macro-recall\s+1\.0000/,
    ]) {
      expect(text()).toMatch(part)
    }
  })
})
