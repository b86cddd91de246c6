import { describe, expect, it } from 'vitest'
import { type KubernetesOptions, KubernetesPlatform, runProgram } from '../../../blue-green/kubernetes.ts'

/** kubectl and helm that note what they are told. */
async function open(options: Partial<KubernetesOptions> = {}) {
  const calls: string[] = []
  const platform = await KubernetesPlatform.open({
    release: 'prod',
    chart: 'deploy/helm/valence',
    namespace: 'valence',
    fullName: 'prod-valence',
    live: 'blue',
    candidate: 'green',
    helmArgs: ['--set', 'colors.green.image.tag=2.0.0'],
    adminPort: 9464,
    apiUrl: 'http://127.0.0.1:8001',
    async run(command, args, input) {
      calls.push([command, ...args].join(' '))
      if (args.includes('exec')) {
        return (input ?? '').replace(/.+/g, (line) =>
          JSON.stringify({ scores: { seen: JSON.parse(line).text.length } }),
        )
      }
      return args.includes('get') ? `pod/prod-valence-${args.join(' ').match(/color=(\w+)/)?.[1]}-facade-x1\n` : ''
    },
    ...options,
  })
  return { platform, calls }
}

const kubectl = 'kubectl --namespace valence'
const helm = 'helm upgrade prod deploy/helm/valence --namespace valence --reset-then-reuse-values'

describe('KubernetesPlatform', () => {
  it('knows the pods of the live release through the API server', async () => {
    const { platform } = await open()
    expect(platform.live).toEqual({
      name: 'blue',
      adminUrls: ['http://127.0.0.1:8001/api/v1/namespaces/valence/pods/prod-valence-blue-facade-x1:9464/proxy'],
    })
  })

  it('enables the other colour and waits for both of its roles', async () => {
    const { platform, calls } = await open()
    const release = await platform.bringUp()
    expect(release.name).toBe('green')
    expect(calls.slice(1, 4)).toEqual([
      `${helm} --set colors.green.enabled=true --set colors.green.image.tag=2.0.0`,
      `${kubectl} rollout status deployment/prod-valence-green-facade --timeout=15m`,
      `${kubectl} rollout status statefulset/prod-valence-green-processor --timeout=15m`,
    ])
  })

  it('scores inside the candidate, in order', async () => {
    const { platform } = await open()
    const scores = await platform.score({ name: 'green', adminUrls: [] }, ['a', 'bcd'])
    expect(scores).toEqual([{ seen: 1 }, { seen: 3 }])
  })

  it('switches the selector of the service, and tells Helm when the old one goes', async () => {
    const { platform, calls } = await open()
    await platform.switchTo({ name: 'green', adminUrls: [] })
    await platform.drain({ name: 'blue', adminUrls: [] })
    expect(calls.slice(1)).toEqual([
      `${kubectl} patch service prod-valence-facade --type=merge --patch={"spec":{"selector":{"color":"green"}}}`,
      `${helm} --set live=green,colors.blue.enabled=false --wait --timeout=15m`,
      `${kubectl} wait --for=delete pod --selector=app.kubernetes.io/instance=prod,color=blue --timeout=15m`,
    ])
  })

  it('leaves the live colour live when the candidate goes', async () => {
    const { platform, calls } = await open()
    await platform.drain({ name: 'green', adminUrls: [] })
    expect(calls[1]).toBe(`${helm} --set live=blue,colors.green.enabled=false --wait --timeout=15m`)
  })
})

describe('runProgram', () => {
  it('gives input and returns output', async () => {
    expect(await runProgram('cat', [], 'said')).toBe('said')
  })

  it('says what a program said when it failed', async () => {
    await expect(runProgram('sh', ['-c', 'echo no >&2; exit 3'])).rejects.toThrow('ended with 3: no')
  })
})
