import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ValenceError } from '@valence/schemas'

/** The only version whose files are known to the overlay. */
const pinnedVersion = '2.2.4'

/** sha256 of each file of kafkajs 2.2.4 that the overlay replaces or patches, by its path below `src/`. */
export const checksums = {
  'admin/index.js': '94aa1214e987e8f7ef9e2ff8f08400a9fc509145f0da55f18fb49e4709c0c156',
  'broker/index.js': '9cbea8898528c439c213080f99d86974460114f81b5034c49aeb593a0337ca90',
  'cluster/brokerPool.js': '9994863e891ac2ab243f27f941ef87893889f53d64aa580353fafbb8d11614c6',
  'cluster/connectionPoolBuilder.js': '05a6be8bbf9e2bb9de56e7fc66e1f752799271ebe595575d57f244d8de198233',
  'cluster/index.js': '3831a6845e4e9fb0de73d5ff50a3695974fb8a927acde677c524fe1c362bd57d',
  'consumer/assignerProtocol.js': 'd35452ae300d022164bc5c0218bd1269db8ec4641ca89968bea4c18aadaaf077',
  'consumer/consumerGroup.js': 'f3e461738585a8dc6574c647123a18afc732f81cdee4f9f7bb62e4aa1dffbfbb',
  'consumer/filterAbortedMessages.js': '54ce50f2a41ee1686da8b73bf8b502c7dd07c9d7cb0a494cdb36a7fc536ced8e',
  'consumer/index.js': 'cdf5b3d7c67364b2b55a5c491225c08318054b515e079fa3aa7b7d9f4d8d19dd',
  'consumer/offsetManager/index.js': 'bd1041968ae322324ebf64d2569308db19d24f70ee5dbb72c964b43bfe85c00e',
  'network/connection.js': '2a993b2e74421ca6d846efd59e4ba74b11100dbe7d40d0f52ea3218e917aafdd',
  'network/requestQueue/index.js': 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c',
  'network/requestQueue/socketRequest.js': 'dde28f8e26c6d17fe3383c60b2bfce27f4790ee4552ca7e73e78fdce30c6bf1d',
  'producer/eosManager/index.js': 'a74ae029d7aa786b8616b77f922d30a81bec2833878769dbfa6b4a9dab66db22',
  'producer/partitioners/default/murmur2.js': '82c3a52a692c32b2c62e4e91adc553b4572b9abbd53d237255bf33cf132e1f98',
  'producer/sendMessages.js': '8a120e6993955e040a13014cccebd79b8d41e7355d6eda1065fa83fea2fbbcdb',
  'protocol/error.js': '8911e3226a8aebddc2fffe2b2504379f966b804995dd911713c8c495c3673188',
  'protocol/recordBatch/record/v0/decoder.js': '86d740054c8be29b02873bf2871eb43ba5004af94324610541dbab2d9fabcc65',
  'protocol/recordBatch/record/v0/index.js': 'ffbc628c1f35f5de8ba798165616b1009d9af1c27ca959999a10e6e3c18f8215',
  'protocol/requests/addPartitionsToTxn/v0/response.js':
    '3603ff590179de015513b5ca99186a376b5501df4fb5e5e08edbaeb342ae2883',
  'protocol/requests/fetch/v4/decodeMessages.js': 'd9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc',
  'protocol/requests/metadata/v0/response.js': '9a1cbcfd0ac174b24f9b557df6f35cdc3b8f408ff10a95cddd6b5837296d2a8e',
  'protocol/requests/offsetCommit/v0/response.js': '59b789d6fc2e332275921474812b0b3ae93af6d77fb867c8fa93a9731401e254',
  'protocol/requests/txnOffsetCommit/v0/response.js':
    '3e72fc619fb1fc7a0ae2a77d1ec3e60a4d60bf2ccd0cf267732ddf1e744baa5b',
} as const

export type PinnedFile = keyof typeof checksums

/**
 * `root`: the folder of kafkajs.
 *
 * @throws VAL_KAFKA_OVERLAY_MISMATCH naming the version or the file that is not the one the overlay was written for
 */
export function verifyChecksums(root: string): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  if (version !== pinnedVersion) {
    throw new ValenceError('VAL_KAFKA_OVERLAY_MISMATCH', `kafkajs ${version} instead of ${pinnedVersion}`)
  }
  for (const [file, expected] of Object.entries(checksums)) {
    const actual = createHash('sha256')
      .update(readFileSync(join(root, 'src', file)))
      .digest('hex')
    if (actual !== expected) throw new ValenceError('VAL_KAFKA_OVERLAY_MISMATCH', `kafkajs/src/${file} was changed`)
  }
}
