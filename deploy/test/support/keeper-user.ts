/** Starts two parts under a keeper, prints their ids and the keeper's, and ends as its second argument says. */
import { KeeperClient } from '../../local/keeper-client.ts'

const [folder = '', ending] = process.argv.slice(2)
const keeper = new KeeperClient({ ownedFolder: folder })
const command = (name: string, script: string) => ({
  name,
  command: 'sh',
  args: ['-c', script],
  directory: folder,
  log: `${folder}/${name}.log`,
})
const plain = await keeper.start(command('plain', 'exec sleep 300'))
// A part that starts a process of its own, and one that will not be asked politely.
const family = await keeper.start(command('family', 'trap "" TERM INT HUP; sleep 300 & echo $!; wait'))

process.stdout.write(`${JSON.stringify({ parts: [plain.pid, family.pid], keeper: keeper.pid })}\n`)
if (ending === 'throw') throw new Error('the user of the stack fails')
if (ending === 'exit') process.exit(0)
// Without an ending, what is left is to wait for a signal.
if (ending === 'wait') setInterval(() => {}, 1000)
