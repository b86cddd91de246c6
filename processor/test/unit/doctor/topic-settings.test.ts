import type { Admin } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import {
  checkTopicSettings,
  type DescribedTopic,
  judgeTopicSettings,
  type TopicSettings,
} from '../../../src/doctor/topic-settings.ts'

const day = 86_400_000

/** What Kafka 4 says of a topic with three replicas that is well set up. */
const sound: TopicSettings = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.after.max.ms': '3600000',
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
  'retention.ms': String(7 * day),
}

interface Changes {
  readonly input?: TopicSettings
  readonly output?: TopicSettings
  readonly deadLetters?: TopicSettings
  readonly replicas?: number
  readonly offsetsRetentionMinutes?: number | undefined
}

function troublesOf({ input, output, deadLetters, replicas = 3, ...rest }: Changes): [string, string, string][] {
  const topic = (name: string, settings: TopicSettings): DescribedTopic => ({ topic: name, replicas, settings })
  const findings = judgeTopicSettings({
    inputs: [topic('in', { ...sound, ...input })],
    output: topic('out', { ...sound, ...output }),
    deadLetters: topic('dead', { ...sound, 'max.message.bytes': '2097152', ...deadLetters }),
    offsetsRetentionMinutes: 10_080,
    ...rest,
  })
  const troubles = findings.filter(({ status }) => status !== 'ok')
  expect(troubles.every(({ help }) => help !== undefined)).toBe(true)
  return troubles.map(({ check, status, detail }) => [check.replace('settings ', ''), status, detail])
}

describe('the settings of topics', () => {
  it('are good where nothing is refused, lost or repeated', () => {
    expect(troublesOf({})).toEqual([])
    // What `topics create` makes on one broker.
    const alone = { 'min.insync.replicas': '1' }
    expect(troublesOf({ replicas: 1, input: alone, output: alone, deadLetters: alone })).toEqual([])
  })

  it.each<[string, Changes, string, 'warn' | 'fail', string]>([
    ['compact the output', { output: { 'cleanup.policy': 'compact' } }, 'out', 'warn', 'without a key'],
    ['compact dead letters', { deadLetters: { 'cleanup.policy': 'compact,delete' } }, 'dead', 'warn', 'without a key'],
    ['take too small results', { output: { 'max.message.bytes': '2000' } }, 'out', 'warn', 'max.message.bytes=2000'],
    [
      'take no whole dead letter',
      { deadLetters: { 'max.message.bytes': '1048588' } },
      'dead',
      'warn',
      'without its content',
    ],
    [
      'refuse clocks that are behind',
      { output: { 'message.timestamp.before.max.ms': '1000' } },
      'out',
      'warn',
      'before.max.ms=1000',
    ],
    [
      'refuse clocks that differ, before Kafka 3.6',
      { deadLetters: { 'message.timestamp.difference.max.ms': '1000' } },
      'dead',
      'warn',
      'difference.max.ms',
    ],
    ['refuse clocks that are ahead', { output: { 'message.timestamp.after.max.ms': '1000' } }, 'out', 'warn', 'ahead'],
    [
      'need more replicas than there are',
      { output: { 'min.insync.replicas': '4' } },
      'out',
      'fail',
      'nothing can be written',
    ],
    ['need every replica', { output: { 'min.insync.replicas': '3' } }, 'out', 'warn', 'one broker is unreachable'],
    ['need one replica of three', { deadLetters: { 'min.insync.replicas': '1' } }, 'dead', 'warn', 'one broker alone'],
    ['elect who lags', { input: { 'unclean.leader.election.enable': 'true' } }, 'in', 'warn', 'unclean'],
    ['outlive the offsets of the group', { offsetsRetentionMinutes: 1_440 }, 'in', 'warn', 'scored again'],
    ['are kept for ever', { input: { 'retention.ms': '-1' } }, 'in', 'warn', 'scored again'],
  ])('are told where they %s', (_, changes, topic, status, detail) => {
    expect(troublesOf(changes)).toContainEqual([topic, status, expect.stringContaining(detail)])
  })

  it.each<[string, TopicSettings]>([
    ['is kept for ever', { 'retention.ms': '-1' }],
    ['is compacted', { 'cleanup.policy': 'compact' }],
    ['is kept for longer than the limit', { 'retention.ms': String(30 * day) }],
  ])('refuse nothing old where the input %s: what is written has the time of writing', (_, input) => {
    const limits = [sound['message.timestamp.before.max.ms'] ?? '', String(day)]
    for (const limit of limits) {
      const output = { 'message.timestamp.before.max.ms': limit, 'message.timestamp.difference.max.ms': limit }
      expect(troublesOf({ input, output, deadLetters: output, offsetsRetentionMinutes: undefined })).toEqual([])
    }
  })

  it('have no limit on times where the broker sets them', () => {
    const output = { 'message.timestamp.type': 'LogAppendTime', 'message.timestamp.before.max.ms': '1000' }
    expect(troublesOf({ output })).toEqual([])
  })

  it('that the broker does not tell are not judged', () => {
    const findings = judgeTopicSettings({
      inputs: [{ topic: 'in', replicas: 1, settings: {} }],
      output: { topic: 'out', replicas: 1, settings: {} },
      deadLetters: undefined,
      offsetsRetentionMinutes: undefined,
    })
    expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok'])
  })

  it('that may not be read are no failure, and doctor says so', async () => {
    const refusal = Object.assign(new Error('no'), { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' })
    const admin = { describeConfigs: async () => Promise.reject(refusal) } as unknown as Admin
    const config = readConfig({})
    const findings = await checkTopicSettings(config, admin, new Map([[config.outputTopic, 1]]), 1)
    expect(findings.map(({ status }) => status)).toEqual(['skipped', 'skipped'])
    expect(findings[0]?.detail).toContain('TOPIC_AUTHORIZATION_FAILED')
  })
})
