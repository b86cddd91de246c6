import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { TokenBatch } from './backend.ts'

/** An input of the graph: its name and the integer type it declares. */
export interface GraphInput {
  readonly name: string
  readonly type: 'int32' | 'int64'
}

/** Description of a graph; plain data, so that it can be sent to a worker. */
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

/** One open graph. `run` blocks the calling thread during inference. */
export interface GraphSession {
  /** Logits, rows × labels, row-major. Throws a plain Error if the graph rejects the batch. */
  run(batch: TokenBatch): Promise<Float32Array>
  release(): Promise<void>
}

/** The tensor of one input. Its buffer grows to the size of the largest batch and is reused. */
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

  /** Writes value(row, column) into a rows × width tensor; int64 as two 32-bit words, without BigInt boxing. */
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
  // A new Int32Array is all zeros, and this input is never written.
}

function checkNames(session: InferenceSession, graph: GraphSpec): void {
  const wanted = [graph.inputIds, graph.attentionMask, graph.tokenTypeIds].flatMap((input) => input?.name ?? [])
  for (const name of wanted) {
    if (!session.inputNames.includes(name)) {
      throw new Error(`the graph has no input "${name}", only ${session.inputNames.join(', ')}`)
    }
  }
  const missing = session.inputNames.filter((name) => !wanted.includes(name))
  if (missing.length > 0) throw new Error(`the graph has inputs that the manifest does not list: ${missing.join(', ')}`)
  if (!session.outputNames.includes(graph.output)) {
    throw new Error(`the graph has no output "${graph.output}", only ${session.outputNames.join(', ')}`)
  }
}

/**
 * Opens a graph for one thread. No intra-op pool and no spinning: with one session per core they would oversubscribe
 * the machine and use CPU between runs. ORT's memory patterns are off, because with variable batch shapes they grow
 * without bound.
 */
export async function openGraphSession(graph: GraphSpec): Promise<GraphSession> {
  const session = await InferenceSession.create(graph.path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: graph.optimizationLevel,
    enableMemPattern: false,
    // Failed runs throw; without this, ORT would also print them to stderr.
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
    if (output === undefined) throw new Error(`the graph returned no "${graph.output}"`)
    const logits = Float32Array.from(output.data as Float32Array)
    output.dispose()
    if (logits.length !== rows * graph.labels) {
      throw new Error(`the graph returned ${logits.length} logits for ${rows} texts and ${graph.labels} labels`)
    }
    return logits
  }

  return { run, release: () => session.release() }
}
