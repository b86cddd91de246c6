import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { TokenBatch } from './backend.ts'

/** An input of the graph: its name and the integer type it declares. */
export interface GraphInput {
  readonly name: string
  readonly type: 'int32' | 'int64'
}

/** What it takes to open a graph; plain data, so that it can be handed to a worker. */
export interface GraphSpec {
  /** The ONNX file. */
  readonly path: string
  readonly inputIds: GraphInput
  readonly attentionMask?: GraphInput
  readonly tokenTypeIds?: GraphInput
  /** The output that holds the logits, rows × labels. */
  readonly output: string
  readonly labels: number
  readonly optimizationLevel: 'disabled' | 'basic' | 'extended' | 'layout' | 'all'
}

/** One open graph. `run` blocks the calling thread for the length of the inference. */
export interface GraphSession {
  /** Logits, rows × labels, row-major. Throws a plain Error when the graph refuses the batch. */
  run(batch: TokenBatch): Promise<Float32Array>
  release(): Promise<void>
}

/** A tensor of one input over a buffer that grows to the largest batch and is then kept. */
class InputBuffer {
  readonly name: string
  readonly #type: GraphInput['type']
  readonly #words: 1 | 2
  #storage = new Int32Array(0)

  constructor(input: GraphInput) {
    this.name = input.name
    this.#type = input.type
    this.#words = input.type === 'int64' ? 2 : 1
  }

  /** Writes value(row, column) for a rows × width tensor; int64 goes in as two 32-bit words, without BigInt boxing. */
  tensor(rows: number, width: number, fill: (target: Int32Array, words: 1 | 2) => void): Tensor {
    const size = rows * width
    if (this.#storage.length < size * this.#words) this.#storage = new Int32Array(size * this.#words)
    fill(this.#storage, this.#words)
    const dims = [rows, width]
    const buffer = this.#storage.buffer
    return this.#type === 'int64'
      ? new Tensor('int64', new BigInt64Array(buffer, 0, size), dims)
      : new Tensor('int32', new Int32Array(buffer, 0, size), dims)
  }
}

// Little-endian low word first; ids and masks are never negative, so the high words stay 0.
function fillIds(batch: TokenBatch) {
  return (target: Int32Array, words: 1 | 2): void => {
    if (words === 1) target.set(batch.ids)
    else for (let i = 0; i < batch.ids.length; i++) target[i * 2] = batch.ids[i] as number
  }
}

function fillMask(batch: TokenBatch) {
  return (target: Int32Array, words: 1 | 2): void => {
    const { rows, width, lengths } = batch
    for (let row = 0; row < rows; row++) {
      const length = lengths[row] as number
      const start = row * width
      for (let column = 0; column < width; column++) target[(start + column) * words] = column < length ? 1 : 0
    }
  }
}

function fillZeros(): void {
  // A fresh Int32Array is all zeros and nothing else is ever written to this input.
}

function checkNames(session: InferenceSession, graph: GraphSpec): void {
  const wanted = [graph.inputIds, graph.attentionMask, graph.tokenTypeIds].flatMap((input) => input?.name ?? [])
  for (const name of wanted) {
    if (!session.inputNames.includes(name)) {
      throw new Error(`the graph has no input "${name}", only ${session.inputNames.join(', ')}`)
    }
  }
  const missing = session.inputNames.filter((name) => !wanted.includes(name))
  if (missing.length > 0) throw new Error(`the graph wants inputs the manifest does not name: ${missing.join(', ')}`)
  if (!session.outputNames.includes(graph.output)) {
    throw new Error(`the graph has no output "${graph.output}", only ${session.outputNames.join(', ')}`)
  }
}

/**
 * Opens a graph for one thread: no intra-op pool and no spinning, so that one session per core neither oversubscribes
 * the machine nor burns it between runs. Variable batch shapes make ORT's memory patterns a leak by another name.
 */
export async function openGraphSession(graph: GraphSpec): Promise<GraphSession> {
  const session = await InferenceSession.create(graph.path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: graph.optimizationLevel,
    enableMemPattern: false,
    // Failed runs are thrown to us; ORT would print them to stderr as well.
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  checkNames(session, graph)
  const ids = new InputBuffer(graph.inputIds)
  const mask = graph.attentionMask && new InputBuffer(graph.attentionMask)
  const types = graph.tokenTypeIds && new InputBuffer(graph.tokenTypeIds)

  async function run(batch: TokenBatch): Promise<Float32Array> {
    const { rows, width } = batch
    const feeds: Record<string, Tensor> = { [ids.name]: ids.tensor(rows, width, fillIds(batch)) }
    if (mask) feeds[mask.name] = mask.tensor(rows, width, fillMask(batch))
    if (types) feeds[types.name] = types.tensor(rows, width, fillZeros)
    const results = await session.run(feeds, [graph.output])
    const output = results[graph.output]
    if (output === undefined) throw new Error(`the graph gave no "${graph.output}"`)
    const logits = Float32Array.from(output.data as Float32Array)
    output.dispose()
    if (logits.length !== rows * graph.labels) {
      throw new Error(`the graph gave ${logits.length} logits for ${rows} texts and ${graph.labels} labels`)
    }
    return logits
  }

  return { run, release: () => session.release() }
}
