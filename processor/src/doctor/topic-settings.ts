import { type Admin, kafkaErrors, loadKafkaJs } from '@valence/producer-sdk/kafka'
import type { Config } from '../config/config.ts'
import type { Finding } from './finding.ts'

const area = 'kafka'
/** Allowance for the headers and framing that a dead letter adds to the original record. */
const letterOverheadBytes = 4_096
/**
 * A smaller timestamp limit gets a warning, because clocks differ. By default brokers reject timestamps over an hour
 * ahead.
 */
const leastSkewMs = 3_600_000
const minute = 60_000

/** The settings of a topic by name, as far as the broker reports them. */
export type TopicSettings = Readonly<Record<string, string | undefined>>

export interface DescribedTopic {
  readonly topic: string
  readonly replicas: number
  readonly settings: TopicSettings
}

export interface Judged {
  readonly inputs: readonly DescribedTopic[]
  readonly output: DescribedTopic | undefined
  readonly deadLetters: DescribedTopic | undefined
  readonly offsetsRetentionMinutes: number | undefined
}

interface Trouble {
  readonly status: 'warn' | 'fail'
  readonly detail: string
  readonly help: string
}

const warn = (detail: string, help: string): Trouble => ({ status: 'warn', detail, help })
const numberOf = ({ settings }: DescribedTopic, name: string): number | undefined =>
  settings[name] === undefined ? undefined : Number(settings[name])

/** Findings on topic and broker settings that would make records be rejected, lost or repeated. */
export function judgeTopicSettings({ inputs, output, deadLetters, offsetsRetentionMinutes }: Judged): Finding[] {
  const largest = Math.max(0, ...inputs.map((input) => numberOf(input, 'max.message.bytes') ?? 0))
  const written = [output, deadLetters].flatMap((topic) => topic ?? [])
  return [
    ...inputs.flatMap((input) =>
      toFindings(input, [...durability(input), ...retention(input, offsetsRetentionMinutes)]),
    ),
    ...written.flatMap((topic) => {
      const needed = topic === output ? largest : largest + letterOverheadBytes
      return toFindings(topic, [
        ...durability(topic),
        ...replicaTroubles(topic),
        ...cleanup(topic),
        ...size(topic, needed, topic === output),
        ...timestamps(topic),
      ])
    }),
  ]
}

function toFindings({ topic }: DescribedTopic, troubles: readonly Trouble[]): Finding[] {
  const check = `settings ${topic}`
  if (troubles.length === 0) return [{ area, check, status: 'ok', detail: 'take what is written, and keep it' }]
  return troubles.map((trouble) => ({ area, check, ...trouble }))
}

function durability({ settings }: DescribedTopic): Trouble[] {
  if (settings['unclean.leader.election.enable'] !== 'true') return []
  return [
    warn(
      'unclean.leader.election.enable=true: a replica that lags may become leader, and acknowledged records are gone',
      'Set unclean.leader.election.enable=false.',
    ),
  ]
}

function replicaTroubles(topic: DescribedTopic): Trouble[] {
  const least = numberOf(topic, 'min.insync.replicas')
  const { replicas } = topic
  if (least === undefined || replicas === 0) return []
  const detail = `min.insync.replicas=${least} with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`
  if (least > replicas) {
    const help = 'Lower min.insync.replicas, or add replicas; until then every transaction fails.'
    return [{ status: 'fail', detail: `${detail}: nothing can be written`, help }]
  }
  if (least === replicas && replicas > 1) {
    return [warn(`${detail}: writing stops when one broker is unreachable`, `Set it to ${replicas - 1}.`)]
  }
  if (least === 1 && replicas >= 3) {
    return [warn(`${detail}: what one broker alone has may be acknowledged and lost with it`, 'Set it to 2.')]
  }
  return []
}

function cleanup({ settings }: DescribedTopic): Trouble[] {
  if (!settings['cleanup.policy']?.includes('compact')) return []
  return [
    warn(
      `cleanup.policy=${settings['cleanup.policy']}: the broker refuses records without a key, and keeps one for each key`,
      'Set cleanup.policy=delete, or give every text a key.',
    ),
  ]
}

function size(topic: DescribedTopic, needed: number, isOutput: boolean): Trouble[] {
  const most = numberOf(topic, 'max.message.bytes')
  if (most === undefined || most >= needed) return []
  const what = isOutput ? 'a result with the attributes of a large text' : 'the dead letter of a large record'
  const outcome = isOutput ? 'is refused and dead-lettered' : 'is kept without its content'
  return [
    warn(
      `max.message.bytes=${most}, the input takes ${isOutput ? needed : needed - letterOverheadBytes}: ${what} ${outcome}`,
      `Raise max.message.bytes to ${needed} or more.`,
    ),
  ]
}

/** Results and dead letters carry the time of writing, so only a clock difference can exceed a timestamp limit. */
function timestamps(topic: DescribedTopic): Trouble[] {
  if (topic.settings['message.timestamp.type'] === 'LogAppendTime') return []
  const refused = {
    'message.timestamp.before.max.ms': 'behind',
    'message.timestamp.difference.max.ms': 'ahead or behind',
    'message.timestamp.after.max.ms': 'ahead',
  }
  return Object.entries(refused).flatMap(([name, where]) => {
    const limitMs = numberOf(topic, name)
    if (limitMs === undefined || limitMs >= leastSkewMs) return []
    return [
      warn(`${name}=${limitMs}: records of a clock that is ${where} are refused`, `Set it to ${leastSkewMs} or more.`),
    ]
  })
}

function retentionMs(topic: DescribedTopic): number {
  const ms = numberOf(topic, 'retention.ms') ?? 0
  const isKept = ms < 0 || !(topic.settings['cleanup.policy'] ?? 'delete').includes('delete')
  return isKept ? Number.POSITIVE_INFINITY : ms
}

/** The offsets of a group without members expire; it then starts over on the records that the input still retains. */
function retention(input: DescribedTopic, offsetsRetentionMinutes: number | undefined): Trouble[] {
  if (offsetsRetentionMinutes === undefined || retentionMs(input) <= offsetsRetentionMinutes * minute) return []
  return [
    warn(
      `records are kept for longer than the group's offsets (offsets.retention.minutes=${offsetsRetentionMinutes}): after a longer pause without processors they are scored again`,
      'Raise offsets.retention.minutes on the brokers above retention.ms, or let no pause last that long.',
    ),
  ]
}

const wanted = [
  'cleanup.policy',
  'max.message.bytes',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.difference.max.ms',
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'retention.ms',
]

/** Reads and checks the settings. A user without permission to read them gets a finding that is not a failure. */
export async function checkTopicSettings(
  config: Config,
  admin: Admin,
  replicasOf: ReadonlyMap<string, number>,
  brokerId: number,
): Promise<Finding[]> {
  const { ConfigResourceTypes } = loadKafkaJs()
  const topics = [...replicasOf.keys()]
  const skipped: Finding[] = []
  const read = async (type: number, names: readonly string[], configNames: readonly string[]) => {
    const found = new Map<string, TopicSettings>()
    try {
      const resources = names.map((name) => ({ type, name, configNames: [...configNames] }))
      const answer = await admin.describeConfigs({ includeSynonyms: false, resources })
      for (const { resourceName, configEntries } of answer.resources) {
        found.set(resourceName, Object.fromEntries(configEntries.map((own) => [own.configName, own.configValue])))
      }
    } catch (error) {
      const { type: reason, message } = kafkaErrors.classify(error)
      const what = type === ConfigResourceTypes.TOPIC ? 'topics' : 'brokers'
      const detail = `the settings of the ${what} cannot be read (${reason ?? message}); grant DescribeConfigs to have them looked at`
      skipped.push({ area, check: `settings of ${what}`, status: 'skipped', detail })
    }
    return found
  }
  const settings = topics.length === 0 ? new Map() : await read(ConfigResourceTypes.TOPIC, topics, wanted)
  const broker = await read(ConfigResourceTypes.BROKER, [String(brokerId)], ['offsets.retention.minutes'])
  const described = (topic: string): DescribedTopic[] => {
    const own = settings.get(topic)
    return own === undefined ? [] : [{ topic, replicas: replicasOf.get(topic) ?? 0, settings: own }]
  }
  const minutes = broker.get(String(brokerId))?.['offsets.retention.minutes']
  const judged = judgeTopicSettings({
    inputs: config.inputTopics.flatMap(described),
    output: described(config.outputTopic)[0],
    deadLetters: described(config.deadLetterTopic)[0],
    offsetsRetentionMinutes: minutes === undefined ? undefined : Number(minutes),
  })
  return [...judged, ...skipped]
}
