import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A record as its bytes: JSON, which kcat prints otherwise, could not carry all of them. */
export interface RecordBytes {
  readonly partition: number
  readonly key: string | null
  readonly value: Buffer
}

const newline = 0x0a

/** Reads a topic to its end with kcat, isolation level read_committed, in the order of each partition. */
export async function readBytes(brokers: string, topic: string): Promise<RecordBytes[]> {
  const settings = ['-X', 'isolation.level=read_committed', '-X', 'fetch.wait.max.ms=50']
  // Each record: a line of partition, size of the value, size of the key and key; then the value and a line end.
  const format = '%p %S %K %k\\n%s\\n'
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-f', format, ...settings]
  const { stdout } = await promisify(execFile)('kcat', args, { encoding: 'buffer', maxBuffer: 1 << 30 })
  const records: RecordBytes[] = []
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(newline, at)
    const [partition, size, keySize, ...key] = stdout.subarray(at, end).toString().split(' ')
    const from = end + 1
    const to = from + Math.max(0, Number(size))
    records.push({
      partition: Number(partition),
      key: Number(keySize) < 0 ? null : key.join(' '),
      value: stdout.subarray(from, to),
    })
    at = to + 1
  }
  return records
}
