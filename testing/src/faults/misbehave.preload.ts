import { isMainThread, workerData } from 'node:worker_threads'

// Loaded into a processor with --import: SIGUSR2 makes it misbehave as TEST_MISBEHAVIOUR says, in turn where it lists several. Threads load it as well.
const channel = new BroadcastChannel('valence-test-faults')
const misbehaviours = (process.env.TEST_MISBEHAVIOUR ?? '').split(',')
let orders = 0
const isInference = !isMainThread && typeof workerData === 'object' && 'inputIds' in (workerData ?? {})

if (isMainThread) {
  process.on('SIGUSR2', () => {
    const misbehaviour = misbehaviours[orders++ % misbehaviours.length]
    if (misbehaviour === 'clock') jump()
    else channel.postMessage(misbehaviour)
  })
}

if (isInference) {
  channel.onmessage = ({ data }: MessageEvent) => {
    if (data === 'exit') process.exit(3)
    if (data === 'throw') setImmediate(() => raise())
    while (data === 'hang') {
      // Until it is terminated.
    }
  }
}
;(channel as unknown as { unref(): void }).unref()

function raise(): never {
  throw new Error('the test says so')
}

const day = 86_400_000
let jumps = 0
let offsetMs = 0

/** Back and forth, farther each time, as a clock does that was set by hand. */
function jump(): void {
  jumps += 1
  offsetMs = (jumps % 2 === 0 ? -1 : 1) * Math.min(day, 1_000 * 10 ** jumps)
}

if (isMainThread && misbehaviours.includes('clock')) {
  const RealDate = Date
  const now = RealDate.now.bind(RealDate)
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now() + offsetMs] : args),
    get: (target, name) => (name === 'now' ? () => now() + offsetMs : Reflect.get(target, name)),
  })
}
