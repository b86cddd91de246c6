import type { RunCommand } from './context.ts'

export interface CommandSpec {
  readonly usage: string
  readonly summary: string
  readonly example: string
  readonly options?: readonly (readonly [flags: string, description: string, fallback?: string])[]
  /** Loaded only when the command runs, so that `valence score` starts without a Kafka client. */
  readonly load: () => Promise<RunCommand>
}

/** Help texts of the command groups. */
export const groupSummaries: Readonly<Record<string, string>> = {
  topics: 'provision topics',
  schemas: 'provision schemas',
  dlq: 'look at dead letters and replay them',
  model: 'look at models and measure them',
  backup: 'keep what a new cluster needs to go on, and bring it back',
}

const json = ['--json', 'print JSON for scripts'] as const
const format = ['--format <format>', 'auto (by the name of the file, then by line), json, text or csv', 'auto'] as const

/** Options of both `dlq list` and `dlq replay`. */
const letterFilter = [
  ['--code <code>', 'only dead letters with this error code; may name several, separated by commas'],
  ['--since <time>', 'only those that failed at this time or later: ISO 8601, or an age like 30m, 12h, 7d'],
  ['--until <time>', 'only those that failed before this time'],
] as const

/** Every command, in the order of --help. */
export const commands: readonly CommandSpec[] = [
  {
    usage: 'process',
    summary: 'run a processor: Kafka in, Kafka out, exactly once',
    example: 'VALENCE_KAFKA_BROKERS=localhost:9092 valence process',
    load: async () => (await import('./commands/process.ts')).runProcess,
  },
  {
    usage: 'serve',
    summary: 'run the HTTP facade: scores at once, needs no Kafka',
    example: 'VALENCE_AUTH_MODE=none valence serve',
    load: async () => (await import('./commands/serve.ts')).runServe,
  },
  {
    usage: 'score [TEXT...]',
    summary: 'score texts from arguments, a file or standard input; prints one JSON object a line',
    example: 'echo "I love it" | valence score',
    options: [['-f, --file <file>', 'read the texts from this file'], format],
    load: async () => (await import('./commands/score.ts')).runScore,
  },
  {
    usage: 'produce <FILE>',
    summary: 'load a file of texts into an input topic; - is standard input',
    example: 'valence produce texts.jsonl --key id',
    options: [
      ['-t, --topic <topic>', 'topic to produce to (the first of VALENCE_INPUT_TOPICS unless given)'],
      format,
      ['-k, --key <field>', 'field or column that becomes the record key'],
      ['--raw', 'produce the bytes of each line unchanged'],
      ['--rate <texts>', 'texts per second, at most'],
      json,
    ],
    load: async () => (await import('./commands/produce.ts')).runProduce,
  },
  {
    usage: 'consume',
    summary: 'read scored events, committed ones only; prints one JSON object a line',
    example: 'valence consume --from-beginning --limit 10',
    options: [
      ['-t, --topic <topic>', 'topic to read (VALENCE_OUTPUT_TOPIC unless given)'],
      ['-g, --group <group>', 'consumer group that remembers the position (none unless given)'],
      ['--from-beginning', 'begin with the oldest event where the group has no position'],
      ['-n, --limit <events>', 'stop after so many events'],
      ['--timeout-ms <ms>', 'stop when no event came for so long'],
    ],
    load: async () => (await import('./commands/consume.ts')).runConsume,
  },
  {
    usage: 'try',
    summary: 'show what a processor would make of a topic; writes nothing, and proposes where the texts are',
    example: 'valence try --topic reviews',
    options: [
      ['-t, --topic <topic>', 'topic to read (the first of VALENCE_INPUT_TOPICS unless given)'],
      ['-n, --limit <records>', 'try so many of the newest records', '20'],
      json,
    ],
    load: async () => (await import('./commands/try-topic.ts')).runTry,
  },
  {
    usage: 'lag',
    summary: 'lag, rates, time to drain and owner of each input partition; a live table on a terminal',
    example: 'valence lag --once',
    options: [
      ['-g, --group <group>', 'consumer group (VALENCE_KAFKA_GROUP_ID unless given)'],
      ['--once', 'print once, after one interval'],
      ['--interval-ms <ms>', 'time between two samples', '2000'],
      json,
    ],
    load: async () => (await import('./commands/lag.ts')).runLag,
  },
  {
    usage: 'top',
    summary: 'lag, rates, latency, batches, cache and errors at a glance; a live view on a terminal',
    example: 'valence top --admin localhost:9464,localhost:9465',
    options: [
      ['-a, --admin <addresses>', 'admin ports to ask, separated by commas (VALENCE_ADMIN_HOST:VALENCE_ADMIN_PORT)'],
      ['-g, --group <group>', 'consumer group (VALENCE_KAFKA_GROUP_ID unless given)'],
      ['--once', 'print once, after one interval'],
      ['--interval-ms <ms>', 'time between two looks', '2000'],
      ['--json', 'print JSON for scripts, an object an interval'],
    ],
    load: async () => (await import('./commands/top.ts')).runTop,
  },
  {
    usage: 'lag-service',
    summary: 'publish lag, rates and the needed number of processors at /scaling, for KEDA; needs no processor',
    example: 'VALENCE_KAFKA_BROKERS=localhost:9092 valence lag-service',
    load: async () => (await import('./commands/lag-service.ts')).runLagService,
  },
  {
    usage: 'supervise',
    summary: 'run processors as child processes, as many as the lag asks for; where there is no Kubernetes',
    example: 'VALENCE_KAFKA_BROKERS=localhost:9092 valence supervise --min 1 --max 4',
    options: [
      ['--min <processors>', 'processors that are always there (VALENCE_SCALING_MIN_REPLICAS unless given)'],
      [
        '--max <processors>',
        'processors at most (VALENCE_SCALING_MAX_REPLICAS, or a quarter of the cores unless given)',
      ],
    ],
    load: async () => (await import('./commands/supervise.ts')).runSupervise,
  },
  {
    usage: 'bulk <SOURCE>',
    summary: 'score a file, a folder or an S3 prefix through the topics, resumable; needs running processors',
    example: 'valence bulk s3://texts/2026-11/ --json',
    options: [
      format,
      ['-k, --key <field>', 'field or column that becomes the record key'],
      ['--timeout-ms <ms>', 'stop waiting when no result came for so long (300000 unless given)'],
      json,
    ],
    load: async () => (await import('./commands/bulk.ts')).runBulk,
  },
  {
    usage: 'replay',
    summary: 'score once more what came in a span of time, into a topic of its own, exactly once',
    example: 'valence replay --from 2026-11-20T08:00:00Z --to 2026-11-20T09:00:00Z --output scores.replayed',
    options: [
      ['--from <time>', 'first moment: ISO 8601, or an age like 30m, 12h, 7d'],
      ['--to <time>', 'moment before which it ends (now, unless given)'],
      ['-o, --output <topic>', 'topic that the scores go to; it exists and serves nothing else'],
      ['-t, --topic <topic>', 'input topic (the first of VALENCE_INPUT_TOPICS unless given)'],
      ['-g, --group <group>', 'group that remembers what was done (by topics and times unless given)'],
      json,
    ],
    load: async () => (await import('./commands/replay.ts')).runReplay,
  },
  {
    usage: 'dlq list',
    summary: 'list dead letters, oldest first',
    example: 'valence dlq list --code VAL_TEXT_EMPTY --since 1h',
    options: [...letterFilter, ['-n, --limit <letters>', 'print the newest so many', '100'], json],
    load: async () => (await import('./commands/dlq-list.ts')).runDlqList,
  },
  {
    usage: 'dlq show <PARTITION:OFFSET>',
    summary: 'show one dead letter: cause, origin, headers, value',
    example: 'valence dlq show 0:17',
    options: [json],
    load: async () => (await import('./commands/dlq-show.ts')).runDlqShow,
  },
  {
    usage: 'dlq replay',
    summary: 'send dead letters back to their origin topic, each exactly once per group',
    example: 'valence dlq replay --code VAL_SCHEMA_UNKNOWN_ID',
    options: [
      ...letterFilter,
      ['-n, --limit <letters>', 'replay at most so many'],
      ['-g, --group <group>', 'group that remembers what was replayed (by code unless given)'],
      json,
    ],
    load: async () => (await import('./commands/dlq-replay.ts')).runDlqReplay,
  },
  {
    usage: 'topics create',
    summary: 'create the input, output and dead-letter topics that do not exist yet',
    example: 'valence topics create --partitions 12 --replication 3',
    options: [
      ['-p, --partitions <number>', 'partitions of each topic', '6'],
      ['-r, --replication <number>', 'replicas of each partition (3, or as many as there are brokers, unless given)'],
      json,
    ],
    load: async () => (await import('./commands/topics-create.ts')).runTopicsCreate,
  },
  {
    usage: 'schemas register',
    summary: 'register the schemas of the input and output topics',
    example: 'VALENCE_SCHEMA_REGISTRY_URL=http://localhost:8081 valence schemas register',
    options: [json],
    load: async () => (await import('./commands/schemas-register.ts')).runSchemasRegister,
  },
  {
    usage: 'model pull [URI]',
    summary: 'bring a model into the store, verified; the one of VALENCE_MODEL unless a URI is given',
    example: 'valence model pull https://models.example.com/sentiment/model.json',
    options: [json],
    load: async () => (await import('./commands/model-pull.ts')).runModelPull,
  },
  {
    usage: 'model list',
    summary: 'list the models in the store, the last used first',
    example: 'valence model list',
    options: [json],
    load: async () => (await import('./commands/model-list.ts')).runModelList,
  },
  {
    usage: 'model show',
    summary: 'show what model VALENCE_MODEL names: labels, limits, measured quality',
    example: 'valence model show',
    options: [json],
    load: async () => (await import('./commands/model-show.ts')).runModelShow,
  },
  {
    usage: 'model verify',
    summary: 'check the files of the model and that it gives its golden scores on this machine',
    example: 'VALENCE_MODEL=./my-model valence model verify',
    options: [json],
    load: async () => (await import('./commands/model-verify.ts')).runModelVerify,
  },
  {
    usage: 'model evaluate <FILE>',
    summary: 'measure the model on labelled texts, JSONL or CSV with the fields text and label',
    example: 'valence model evaluate tweets.jsonl',
    options: [format, json],
    load: async () => (await import('./commands/model-evaluate.ts')).runModelEvaluate,
  },
  {
    usage: 'backup create <PLACE>',
    summary: 'add offsets, topics, schemas, ACLs, models and new records to a backup: a folder or s3://bucket/prefix',
    example: 'valence backup create s3://backups/valence',
    options: [['--no-records', 'leave the records of the topics out'], json],
    load: async () => (await import('./commands/backup-create.ts')).runBackupCreate,
  },
  {
    usage: 'backup restore <PLACE>',
    summary: 'bring an empty cluster to where the backup was',
    example: 'valence backup restore s3://backups/valence',
    options: [json],
    load: async () => (await import('./commands/backup-restore.ts')).runBackupRestore,
  },
  {
    usage: 'doctor',
    summary: 'check configuration, CPU, model, broker, registry and Redis; say what to do about each failure',
    example: 'valence doctor',
    options: [json],
    load: async () => (await import('./commands/doctor.ts')).runDoctor,
  },
]
