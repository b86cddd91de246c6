// transformers.js in a kafkajs loop: eachBatch, so many texts at a time, offsets committed after. With one at a time it is
// the loop of eachMessage, as its guides write it. At least once only. Environment and output as in ../kafka_loop.py;
// arguments: the folder of models, texts at a time.
import { env, pipeline } from '@huggingface/transformers'
import { Kafka, logLevel } from 'kafkajs'

const { BROKERS = '', GROUP = '', INPUT = '', OUTPUT = '' } = process.env
env.allowRemoteModels = false
env.localModelPath = process.argv[2]
const chunk = Number(process.argv[3] ?? 32)
const classify = await pipeline('text-classification', 'hf', { dtype: 'q8' })
await classify(['a text to warm up with'], { top_k: 3 })

const kafka = new Kafka({ brokers: BROKERS.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: GROUP })
const producer = kafka.producer()
await Promise.all([consumer.connect(), producer.connect()])
await consumer.subscribe({ topics: [INPUT], fromBeginning: true })

let begun
let taken = {}
let done = 0
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

await consumer.run({
  async eachBatch({ batch, resolveOffset, heartbeat }) {
    begun ??= { at: Date.now() / 1000, cpu: cpuSeconds() }
    for (let from = 0; from < batch.messages.length; from += chunk) {
      const messages = batch.messages.slice(from, from + chunk)
      const events = messages.map(({ value }) => JSON.parse(value.toString()))
      const scores = await classify(
        events.map(({ text }) => text),
        { top_k: 3 },
      )
      await producer.send({
        topic: OUTPUT,
        messages: events.map(({ id }, index) => ({
          key: messages[index].key,
          value: JSON.stringify({ id, label: scores[index][0].label, scores: scores[index] }),
        })),
      })
      resolveOffset(messages.at(-1).offset)
      await heartbeat()
      done += messages.length
      taken = { texts: done, startedAt: begun.at, endedAt: Date.now() / 1000, cpuSeconds: cpuSeconds() - begun.cpu }
    }
  },
})
process.stdout.write('ready\n')
process.once('SIGTERM', async () => {
  await consumer.disconnect()
  await producer.disconnect()
  process.stdout.write(`${JSON.stringify(taken)}\n`)
  process.exit(0)
})
