import type { ErrorRow } from './error-row.ts'

/** Inference, the scoring queue and the model. */
export const engineErrors = {
  VAL_INFERENCE_FAILED: {
    message: 'The model cannot score this text',
    help: 'Report the text with the model version; other texts are not affected.',
    http: 422,
    deadLetter: true,
  },
  VAL_INFERENCE_UNAVAILABLE: {
    message: 'No inference worker is available',
    help: 'The workers are restarting; retry.',
    http: 503,
    retryable: true,
    engine: true,
  },
  VAL_INFERENCE_TIMEOUT: {
    message: 'A batch took longer than the watchdog allows',
    help: 'The worker is replaced and the batch is retried; check the CPU share of the process.',
    http: 503,
    retryable: true,
    engine: true,
  },
  VAL_QUEUE_FULL: {
    message: 'The scoring queue is full',
    help: 'Retry after the time in Retry-After, or add replicas.',
    http: 503,
    retryable: true,
  },
  VAL_DEADLINE_EXCEEDED: {
    message: 'The deadline passed before the text was scored',
    help: 'Raise the timeout-ms header or lower the load.',
    http: 504,
    retryable: true,
  },
  VAL_REQUEST_ABANDONED: {
    message: 'The caller left before the text was scored',
    help: 'No action is needed; the text was dropped before inference.',
    http: 504,
    retryable: true,
  },

  VAL_MODEL_MISSING: {
    message: 'The model or one of its files is missing',
    help: 'Check VALENCE_MODEL; `valence doctor` lists the files that were searched for.',
    refetch: true,
  },
  VAL_MODEL_MANIFEST_INVALID: {
    message: 'The model manifest is not valid',
    help: 'Package the model again (`make model`) or correct model.json.',
  },
  VAL_MODEL_CHECKSUM_MISMATCH: {
    message: 'A model file does not match its checksum',
    help: 'The file is damaged or was modified; fetch or package the model again.',
    refetch: true,
  },
  VAL_MODEL_UNUSABLE: {
    message: 'The model loads but cannot be used',
    help: 'ONNX Runtime refused the graph, or tokenizer and graph do not match; see the cause.',
  },
  VAL_MODEL_GOLDEN_MISMATCH: {
    message: 'The golden scores of the model differ on this machine',
    help: 'The CPU or runtime computes different results than the manifest states; use the model build for this CPU.',
  },
  VAL_MODEL_URI_REFUSED: {
    message: 'The model lies outside what is allowed',
    help: 'Check VALENCE_MODEL_URI_ALLOW and VALENCE_MODEL_PATH_ALLOW; they apply to redirects and symbolic links too.',
    http: 422,
  },
  VAL_MODEL_PATH_REFUSED: {
    message: 'A file name in the manifest leads out of the folder of the model',
    help: 'Use file names in the folder of model.json. Do not use this manifest: it may be an attack.',
    http: 422,
  },
  VAL_MODEL_SIGNATURE_MISSING: {
    message: 'The model manifest is not signed',
    help: 'Publish model.json.sig next to the manifest, or unset VALENCE_MODEL_PUBLIC_KEY_FILE.',
    http: 422,
  },
  VAL_MODEL_SIGNATURE_INVALID: {
    message: 'The signature of the model manifest does not verify',
    help: 'The manifest was modified, or signed with another key than VALENCE_MODEL_PUBLIC_KEY_FILE; do not use it.',
    http: 422,
  },
  VAL_MODEL_TOO_LARGE: {
    message: 'The model is larger than the limit',
    help: 'Raise VALENCE_MODEL_MAX_BYTES if a model of this size is intended.',
    http: 422,
  },
  VAL_MODEL_DOWNLOAD_TRUNCATED: {
    message: 'The download of a model file ended early',
    help: 'The next attempt resumes it; check the registry if it happens again.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_TIMEOUT: {
    message: 'The model registry does not answer in time',
    help: 'Check the registry; VALENCE_MODEL_CONNECT_TIMEOUT_MS, _IDLE_TIMEOUT_MS and _TIMEOUT_MS are the limits.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_UNAVAILABLE: {
    message: 'The model registry cannot be reached',
    help: 'Check the URI, the network and the registry; a running model is not affected.',
    http: 503,
    retryable: true,
  },
  VAL_MODEL_REGISTRY_REFUSED: {
    message: 'The model registry refuses the request',
    help: 'Check the credentials and their read permissions; the detail has the status.',
    http: 422,
  },
  VAL_MODEL_STORE_FULL: {
    message: 'The disk of the model store is full',
    help: 'Free space or set VALENCE_MODEL_STORE to another disk; the incomplete model is not used.',
    http: 503,
  },
  VAL_MODEL_STORE_UNAVAILABLE: {
    message: 'The model store cannot be used',
    help: 'Check that VALENCE_MODEL_STORE is a folder that this user can write to.',
    http: 503,
  },
  VAL_MODEL_NOT_RELOADABLE: {
    message: 'The model is a folder that is used in place and cannot be swapped',
    help: 'Set VALENCE_MODEL to the file:, https: or s3: URI of its manifest; then it is copied to the store.',
    http: 409,
  },
} as const satisfies Record<string, ErrorRow>
