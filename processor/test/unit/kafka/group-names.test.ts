import { describe, expect, it } from 'vitest'
import {
  bulkGroup,
  commandTransactionalId,
  isBulkGroup,
  isReplayGroup,
  isThrowawayGroup,
  letterReplayGroup,
  partitionTransactionalId,
  readerGroupPrefix,
  replayGroup,
  throwawayGroup,
} from '../../../src/kafka/group-names.ts'

const group = 'valence'
const span = { topic: 'texts', outputTopic: 'again', from: 1, to: 2 }

describe('names derived from a group', () => {
  it('are what they were in every version, because positions are kept under them', () => {
    expect(bulkGroup(group, 'a1b2')).toBe('valence.bulk.a1b2')
    expect(replayGroup(group, span)).toBe('valence.replay.texts.again.1-2')
    expect(letterReplayGroup(group, [])).toBe('valence.replay')
    expect(letterReplayGroup(group, new Set(['VAL_B', 'VAL_A']))).toBe('valence.replay.VAL_A.VAL_B')
    expect(readerGroupPrefix(group, 'stream')).toBe('valence-stream')
    expect(partitionTransactionalId(group, { topic: 'texts-1', partition: 2 })).toBe('valence.texts-1.2')
    expect(commandTransactionalId(group, 'restore')).toBe('valence.restore')
    expect(throwawayGroup(group)).toMatch(/^valence\.cli\.[0-9a-f-]{36}$/)
  })

  it('are told apart', () => {
    const all = [
      throwawayGroup(group),
      bulkGroup(group, 'a'),
      replayGroup(group, span),
      letterReplayGroup(group, ['A']),
    ]
    expect(all.map(isThrowawayGroup)).toEqual([true, false, false, false])
    expect(all.map((name) => isBulkGroup(group, name))).toEqual([false, true, false, false])
    expect(all.map((name) => isReplayGroup(group, name))).toEqual([false, false, true, true])
    expect(isReplayGroup(group, letterReplayGroup(group, []))).toBe(true)
  })

  it.each(['valence.replayers', 'valence.cli.tools', 'team.cli.valence', 'valence.bulky', group])(
    'leave %s to whoever has it',
    (name) => {
      expect([isThrowawayGroup(name), isBulkGroup(group, name), isReplayGroup(group, name)]).toEqual([
        false,
        false,
        false,
      ])
    },
  )
})
