/** Starts two parts under a supervisor, prints their ids and the supervisor's, and ends as its second argument says. */
import { SupervisorClient } from '../../local/supervisor-client.ts'

const [folder = '', ending] = process.argv.slice(2)
const supervisor = new SupervisorClient({ ownedFolder: folder })
const command = (name: string, script: string) => ({
  name,
  command: 'sh',
  args: ['-c', script],
  directory: folder,
  log: `${folder}/${name}.log`,
})
const plain = await supervisor.start(command('plain', 'exec sleep 300'))
// A part that starts a process of its own, and one that will not be asked politely.
const family = await supervisor.start(command('family', 'trap "" TERM INT HUP; sleep 300 & echo $!; wait'))

process.stdout.write(`${JSON.stringify({ parts: [plain.pid, family.pid], supervisor: supervisor.pid })}\n`)
if (ending === 'throw') throw new Error('the user of the stack fails')
if (ending === 'exit') process.exit(0)
// Without an ending, what is left is to wait for a signal.
if (ending === 'wait') setInterval(() => {}, 1000)
