// Reads {text, ids} lines from stdin and checks that Node's tokenizer gives the same ids. Started by parity.py.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Tokenizer } from '@huggingface/tokenizers';

const definition = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const tokenizer = new Tokenizer(definition, {});
const limit = definition.truncation.max_length;

/** The library does not truncate: cut as Python does, keeping the closing [SEP]. */
function idsOf(text) {
  const { ids } = tokenizer.encode(text);
  return ids.length > limit ? [...ids.slice(0, limit - 1), ids.at(-1)] : ids;
}

let count = 0;
let different = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { text, ids } = JSON.parse(line);
  count += 1;
  const got = idsOf(text);
  if (got.length === ids.length && got.every((id, index) => id === ids[index])) continue;
  different += 1;
  if (different <= 10) console.error(`${JSON.stringify(text)}\n  node   ${got}\n  python ${ids}`);
}
console.log(`${count} texts, ${different} tokenized differently`);
process.exitCode = different === 0 && count > 0 ? 0 : 1;
