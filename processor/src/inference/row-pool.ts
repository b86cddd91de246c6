/** Length of the arrays that rows are cut from: 16 KiB. Chosen, not measured. */
const blockLength = 4_096

/** Cuts small arrays out of large ones: allocating memory for each text costs more than filling it. */
export class RowPool {
  #block = new Int32Array(blockLength)
  #used = 0

  /** A zeroed array that is not shared. */
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
