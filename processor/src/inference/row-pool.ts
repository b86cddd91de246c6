/** Rows are cut from arrays of so many numbers: 16 KiB. Chosen, not measured. */
const blockLength = 4_096

/** Cuts small arrays out of large ones: memory of its own for each text costs more than to fill it. */
export class RowPool {
  #block = new Int32Array(blockLength)
  #used = 0

  /** Zeros that nobody else has. */
  cut(length: number): Int32Array {
    if (length > blockLength / 8) return new Int32Array(length)
    if (this.#used + length > blockLength) {
      this.#block = new Int32Array(blockLength)
      this.#used = 0
    }
    this.#used += length
    return this.#block.subarray(this.#used - length, this.#used)
  }
}
