import { expect, test } from 'vitest'
import { WORKLANE } from '../fixtures/cli.ts'
import { runAs } from '../fixtures/ordinary-user.ts'

/** Each leaves the shell where a person works. `~/from` is to be cloned; $out is removed at the end. */
const PLACES = {
  'a worktree of a bare clone': `git clone -q --bare ~/from ~/bt/.bare
    git -C ~/bt/.bare worktree add -q ~/bt/main main; cd ~/bt/main`,
  'its git directory and lanes elsewhere': `git clone -q --separate-git-dir ~/x.git ~/from ~/x; cd ~/x
    echo "lanes: { directory: ../lanes }" > worklane.yaml; git add .; git commit -qm settings`,
  'a submodule': `git init -q -b main ~/over; cd ~/over
    git -c protocol.file.allow=always submodule --quiet add ~/from sub; git commit -qm over; cd sub`,
  'HOME itself': 'mv ~/from/.git ~; cd ~',
  'HOME, its git directory elsewhere': `git clone -q --separate-git-dir ~/files ~/from ~/x
    mv ~/x/.git ~; cd ~`,
  'in /tmp, its git directory beside it':
    'git clone -q --separate-git-dir "$out/x.git" ~/from "$out/x"; cd "$out/x"',
}

const SCRIPT = `out=$(mktemp -d /tmp/worklane-test-XXXXXX); trap 'rm -rf "$out"' EXIT
git init -q -b main ~/from; git -C ~/from commit -q --allow-empty -m first; echo mine > ~/secret
PLACE
"$0" run one --command 'cat "$HOME"/secret > seen; echo x >> "$HOME"/secret; git add . && git commit -qm work' >&2
git show main:seen; cat ~/secret; git log -1 --format=%s main^2
"$0" sandbox test | tail -n 1`

test.each(
  Object.entries(PLACES).flatMap(([place, make]) =>
    (['self', 'ordinary'] as const).map((who) => ({ place, make, who })),
  ),
)('work lands, and the walls hold: $place, as $who', async ({ make, who }) => {
  const env = { WORKLANE_SANDBOX: 'walls' }
  const said = await runAs(who, env, 'sh', '-euc', SCRIPT.replace('PLACE', make), WORKLANE)
  expect(said).toMatch(/^mine\nwork\n(\d+) of \1 held/)
})
