import { expect, it } from 'vitest'
import { duration, flowCells, lagToJson, perSecond } from '../../../src/cli/flow-cells.ts'

it.each([
  [null, 'never'],
  [0, '0 s'],
  [0.2, '1 s'],
  [119.4, '120 s'],
  [120, '2 min'],
  [7_199, '120 min'],
  [7_200, '2.0 h'],
])('a lag that is gone in %s seconds shows as %s', (seconds, text) => expect(duration(seconds)).toBe(text))

it.each([
  [0, '0'],
  [0.04, '0.0'],
  [99.94, '99.9'],
  [100, '100'],
  [1_234.5, '1235'],
])('%s texts a second show as %s', (rate, text) => expect(perSecond(rate)).toBe(text))

it('a rate that is not known shows as a dash', () => {
  const flow = { arrivalsPerSecond: 12, donePerSecond: null, secondsToDrain: null }
  expect(flowCells({ lag: 5n, ...flow })).toEqual(['5', '12.0', '-', 'never'])
})

it('offsets beyond 2^53 keep all their digits in JSON', () => {
  const flow = { arrivalsPerSecond: 0, donePerSecond: 0, secondsToDrain: 0 }
  const partition = { topic: 't', partition: 0, owner: null, committed: null, end: 2n ** 60n, lag: 3n, ...flow }
  const known = { ...partition, partition: 1, committed: 2n ** 60n }
  const report = { partitions: [partition, known], total: { lag: 3n, ...flow } } as unknown as Parameters<
    typeof lagToJson
  >[0]
  expect(JSON.parse(JSON.stringify(lagToJson(report)))).toMatchObject({
    partitions: [
      { committed: null, end: '1152921504606846976', lag: 3 },
      { committed: '1152921504606846976', end: '1152921504606846976' },
    ],
    total: { lag: 3 },
  })
})
