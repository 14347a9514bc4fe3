import { existsSync, readdirSync, realpathSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { background, contentOf, data, refused, until, WORKLANE, worklane } from '../fixtures/cli.ts'
import { makeRepository, plainGit, type TestRepository } from '../fixtures/repository.ts'
import { openTerminal, personsEnvironment } from '../fixtures/terminal.ts'

const before = process.env.WORKLANE_SANDBOX
beforeAll(() => {
  process.env.WORKLANE_SANDBOX = 'walls'
})
afterAll(() => {
  process.env.WORKLANE_SANDBOX = before
})

/** A repository with a claimed task, and the path of its lane. */
async function claimed(): Promise<{ repository: TestRepository; root: string; lane: string }> {
  const repository = makeRepository()
  const { root } = repository
  await data(root, 'task', 'add', 'one')
  const { lane } = await data(root, 'claim', '1', '--as', 'ann')
  return { repository, root, lane: lane.path }
}

/** Types on behalf of the person: TIOCSTI, as linux/ioctl names it on all that we run on. */
const TYPE = `perl -e 'for (split //, "touch typed\\n") { ioctl(STDIN, 0x5412, $_) or die "no: $!\\n" }'`

describe('a lane that nobody holds', () => {
  it('is entered inside walls, and what a person commits comes out', async () => {
    const { repository, root, lane } = await claimed()
    using _ = repository
    const look = await worklane(
      root,
      'shell',
      '1',
      '--command',
      `ls ${root} | head; echo "task $WORKLANE_TASK"; test -e ${root}/.git/config && echo seen; exit 3`,
    )
    expect(look.code).toBe(3)
    expect(look.out).toContain('task 1')
    expect(look.out).not.toMatch(/README|seen/)
    expect(repository.git('for-each-ref', 'refs/worklane')).toBe('')
    const commit = 'echo new > new.txt; git add new.txt; git commit -qm person; echo left > left.txt'
    expect((await worklane(root, 'shell', '1', '--command', commit)).code).toBe(0)
    expect(plainGit(lane, 'log', '-1', '--format=%s')).toBe('person')
    expect(plainGit(lane, 'status', '--porcelain')).toBe('?? left.txt')
    expect(repository.git('log', '-1', '--format=%s', 'refs/worklane/1/shell-2/head')).toBe('person')
    const words = await worklane(root, 'shell', '1', '--', 'git', 'log', '--format=%s', '-1')
    expect(words).toMatchObject({ code: 0, out: 'person\n' })
    const itsOwn = await worklane(root, 'shell', '1', '--', 'echo', '--json')
    expect(itsOwn).toMatchObject({ code: 0, out: '--json\n' })
    const json = await worklane(root, 'shell', '1', '--json', '--', 'git', 'log', '--format=%s', '-1')
    expect(json).toMatchObject({ code: 0, err: 'person\n' })
    expect(JSON.parse(json.out).data).toEqual({
      task: 1,
      exitCode: 0,
      walls: true,
      problem: null,
      beyond: null,
    })
  })

  it('has a shell on the terminal of the person, where nothing types in their place', async () => {
    const { repository, root, lane } = await claimed()
    using _ = repository
    const env = { ...personsEnvironment(), SHELL: '/bin/bash', PS1: 'lane> ' }
    const outer = `cd ${root} && ${WORKLANE} shell 1; echo "code $?"; read -t 1 line; echo "read <$line>"`
    using terminal = openTerminal(['bash', '-c', outer], { columns: 200, rows: 40, env, echo: true })
    const shows = async (text: string): Promise<void> =>
      await terminal.until((lines) => lines.some((line) => line.startsWith(text)))
    await shows('What you commit comes onto task/1-one when you leave.')
    terminal.write('echo $((40 + 2)) is the answer; tty -s && echo on a terminal\n')
    await shows('42 is the answer')
    await shows('on a terminal')
    // From the process that waits, so that the terminal is its own by then: else the keys may reach the shell alone.
    terminal.write("sh -c 'echo $((1 + 1)) begins; exec sleep 100'\n")
    await shows('2 begins')
    terminal.write('\u0003')
    terminal.write('echo $? ended; git commit -q --allow-empty -m typed\n')
    await shows('130 ended')
    terminal.write(`${TYPE}\n`)
    await shows('no: Operation not permitted')
    terminal.write('exit 5\n')
    await shows('code 5')
    await shows('read <')
    expect(terminal.lines()).toContain('read <>')
    expect(plainGit(lane, 'log', '-1', '--format=%s')).toBe('typed')
  })

  it('leaves Ctrl-C to the program that runs', async () => {
    const { repository, root } = await claimed()
    using _ = repository
    const program =
      '$|=1; $SIG{INT} = sub { print "caught\\n"; $n++ == 3 and exit 9 }; print "ready\\n"; sleep 9 for 1..9'
    const env = personsEnvironment()
    const outer = `cd ${root} && ${WORKLANE} shell 1 -- perl -e "$1"; echo "code $?"`
    using terminal = openTerminal(['bash', '-c', outer, 'sh', program], { columns: 80, rows: 40, env })
    await terminal.until((lines) => lines.includes('ready'))
    for (const n of [1, 2, 3, 4]) {
      terminal.write('\u0003')
      await terminal.until((lines) => lines.filter((line) => line.endsWith('caught')).length >= n)
    }
    await terminal.until((lines) => lines.includes('code 9'))
  })
})

describe('a lane that an agent works in', () => {
  it('is entered beside the agent, and what the person commits comes out with its run', async () => {
    using repository = makeRepository()
    const { root } = repository
    const agent = `echo $$ > begun; echo agent > ~/own; echo agent > /tmp/own; until [ -e person ]; do sleep 0.05; done; echo agent > agent.txt; git add agent.txt; git commit -qm agent`
    writeFileSync(join(root, 'worklane.yaml'), 'base: main\n')
    const engine = background(root, 'run', 'one', '--command', agent, '--json')
    const lane = join(root, '.worktrees/task-1')
    await until('the agent works', () => existsSync(join(lane, 'begun')))
    const command = `rm begun; echo p > person.txt; git add .; git commit -qm person; touch person; kill -0 1 && ls ${root}; ! [ -e ~/own ] && ! [ -e /tmp/own ]`
    const visit = await worklane(root, 'shell', '1', '--json', '--command', command)
    expect(JSON.parse(visit.out.trim().split('\n').at(-1) ?? '')).toMatchObject({
      data: { exitCode: 0, walls: true, problem: null },
    })
    const room = readdirSync(join(root, '.git/worklane/lanes/1'))
    expect(room.filter((name) => name.startsWith('shell-'))).toEqual([])
    await until('it has ended', () => engine.exitCode !== null)
    expect(repository.git('log', '--format=%s', 'main').split('\n')).toEqual(
      expect.arrayContaining(['agent', 'person']),
    )
    expect(contentOf(root, 'person.txt')).toBe('p\n')
  })
})

describe('a lane that an agent worked in meanwhile', () => {
  it('gives out what the person committed afterwards', async () => {
    const { repository, root, lane } = await claimed()
    using _ = repository
    writeFileSync(join(root, 'worklane.yaml'), 'base: main\nlanding:\n  review: true\n')
    await data(root, 'release', '1', '--epoch', '1')
    const command =
      'touch here; until [ -e go ]; do sleep 0.05; done; rm -f go here; git commit -q --allow-empty -m late'
    const visit = worklane(root, 'shell', '1', '--json', '--command', command)
    await until('somebody is there', () => existsSync(join(lane, 'here')))
    const agent = 'echo a > a.txt; git add a.txt; git commit -qm agent; rm -f here'
    await worklane(root, 'run', '--command', agent)
    expect(plainGit(lane, 'log', '-1', '--format=%s')).toBe('agent')
    writeFileSync(join(lane, 'go'), '')
    const beyond = { state: 'completed', ref: 'refs/worklane/1/shell-1/head', uncommitted: 0 }
    expect(JSON.parse((await visit).out).data).toMatchObject({ exitCode: 0, problem: null, beyond })
    expect(plainGit(lane, 'log', '-2', '--format=%s')).toBe('late\nagent')
  })
})

it('worklane inside of walls says that nothing answers there, and does not take the lane for a repository', async () => {
  const { repository, root } = await claimed()
  using _ = repository
  const product = dirname(dirname(WORKLANE))
  repository.write('worklane.yaml', `sandbox: { read: [${JSON.stringify(product)}] }\n`)
  const said = await worklane(root, 'shell', '1', '--', WORKLANE, 'status')
  expect([said.code, said.err]).toEqual([2, expect.stringContaining('This is inside the walls of a lane')])
  repository.write('worklane.yaml', '')
  const { PATH } = process.env
  // Without the libraries of the checkout, which npm puts on PATH, and with whatever Node the machine has.
  process.env.PATH = '/usr/local/bin:/usr/bin:/bin'
  const plain = worklane(root, 'shell', '1', '--command', 'worklane note x; worklane --version')
  process.env.PATH = PATH
  expect(await plain).toMatchObject({ code: 0, err: said.err, out: expect.stringMatching(/^\d/) })
})

describe('without walls', () => {
  it('is a plain shell in the lane with its environment', async () => {
    const { repository, root, lane } = await claimed()
    using _ = repository
    const env = { ...personsEnvironment(), WORKLANE_SANDBOX: 'none' }
    const outer = `cd ${root} && ${WORKLANE} shell 1 --command 'pwd; echo $WORKLANE_TASK; ls ${root}/README.md; exit 4'; echo "code $?"`
    using terminal = openTerminal(['bash', '-c', outer], { columns: 200, rows: 40, env })
    expect(await terminal.exited).toBe(0)
    expect(terminal.lines()).toEqual([
      expect.stringMatching(/^NO WALLS/),
      realpathSync(lane),
      '1',
      join(root, 'README.md'),
      'code 4',
    ])
  })
})

/** The state of the only lane, as it is after what takes long to bring about. */
function stateOf(root: string): Disposable & { set(state: string): void } {
  const ledger = new Database(join(root, '.git/worklane/ledger.db'))
  return {
    set: (state) => void ledger.prepare('UPDATE lane SET state = ?').run(state),
    [Symbol.dispose]: () => void ledger.close(),
  }
}

describe('is refused with a hint', () => {
  it('for a task without a lane, a lane that is gone or set aside, two commands at once', async () => {
    const { repository, root, lane } = await claimed()
    using _ = repository
    await data(root, 'task', 'add', 'two')
    expect(await refused(root, 'shell', '2')).toEqual(['no-lane', 1])
    expect(await refused(root, 'shell', '1', '--command', 'a', '--', 'b')).toEqual(['usage', 2])
    using ledger = stateOf(root)
    ledger.set('quarantined')
    expect(await refused(root, 'shell', '1')).toEqual(['lane-quarantined', 1])
    ledger.set('ready')
    const aside = `${lane}.aside`
    renameSync(lane, aside)
    symlinkSync(aside, lane)
    expect(await refused(root, 'shell', '1', '--', 'true')).toEqual(['lane-missing', 1])
  })
})
