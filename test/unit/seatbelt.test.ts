import { expect, it } from 'vitest'
import { wallsElsewhere } from '../../src/host/sandbox/no-walls.ts'
import { seatbelt, seatbeltEnvironment, srt } from '../../src/host/sandbox/seatbelt.ts'

const ROOT = '/Users/ann/project'
const LANE = `${ROOT}/.worktrees/task-7`
const ROOM = `${ROOT}/.git/worklane/lanes/7`
const POLICY = {
  cwd: LANE,
  home: '/Users/ann',
  hidden: [ROOT],
  scratch: false,
  homes: [
    { from: `${ROOM}/home`, to: '/Users/ann' },
    { from: `${ROOM}/tmp`, to: '/tmp' },
  ],
  readable: [{ from: '/Users/ann/.nvm/v24' }, { from: `${ROOT}/.git/objects` }],
  writable: [{ from: LANE }, { from: `${ROOM}/git` }],
  pinned: [{ from: `${ROOM}/gitlink`, to: `${LANE}/.git` }],
  domains: ['registry.npmjs.org', '*.example.com:8443'],
}

it('lets a lane write itself, its git, its HOME and /tmp, and nothing else', () => {
  const { filesystem } = seatbelt(POLICY)
  expect(filesystem.allowWrite).toEqual([`${ROOM}/home`, `${ROOM}/tmp`, LANE, `${ROOM}/git`])
  expect(filesystem.denyWrite).toEqual([`${LANE}/.git`])
})

it('hides all HOMEs and the main checkout, and shows what is named of them', () => {
  const { denyRead, allowRead } = seatbelt(POLICY).filesystem
  expect(denyRead).toEqual(expect.arrayContaining(['/Users', '/Users/ann', ROOT, '/Volumes']))
  expect(allowRead).toEqual(
    expect.arrayContaining(['/Users/ann/.nvm/v24', `${ROOT}/.git/objects`, LANE, `${ROOM}/gitlink`]),
  )
  for (const path of [ROOT, `${ROOT}/.git`, `${ROOT}/.git/worklane`, '/Users/ann/.ssh'])
    expect(allowRead).not.toContain(path)
})

it('opens the network for the named hosts alone', () => {
  expect(seatbelt(POLICY).network).toMatchObject({
    allowedDomains: ['registry.npmjs.org:80', 'registry.npmjs.org:443', '*.example.com:8443'],
  })
  expect(seatbelt({ ...POLICY, domains: [] }).network).toMatchObject({ allowedDomains: [] })
})

it('quotes the command for the shell that srt gives it to', () => {
  expect(srt('/s.json', { ...POLICY, cwd: '/a b' }, ['/bin/sh', '-c', `echo "it's"`])).toEqual([
    'srt',
    '--settings',
    '/s.json',
    '-c',
    `cd '/a b' && exec /bin/sh -c 'echo "it'\\''s"'`,
  ])
})

it('names the private places, since nothing can be shown elsewhere', () => {
  const git = `${ROOM}/git`
  expect(seatbeltEnvironment(POLICY, git)).toEqual({
    HOME: `${ROOM}/home`,
    TMPDIR: `${ROOM}/tmp`,
    GIT_DIR: git,
    GIT_WORK_TREE: LANE,
  })
})

it('says on a Mac what there is to do', () => {
  expect(wallsElsewhere('darwin')?.remedy).toMatch(/--sandbox none.*@anthropic-ai\/sandbox-runtime/)
  expect(wallsElsewhere('win32')?.remedy).toContain('--sandbox none')
  expect(wallsElsewhere('linux')).toBeNull()
})
