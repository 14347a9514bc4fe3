/**
 * What the demonstration's agent knows how to do: for each subject of tasks.md, the files to write (`create`) and the
 * changes to existing ones (`edit`, text in, text out, safe to apply twice). `first` is what it does instead on its
 * first attempt; `habit` is what goes wrong around the work.
 */

/** Puts a row at the end of the table below `## heading`. */
function addRow(heading, row) {
  return (text) => {
    if (text.includes(row)) return text
    const lines = text.split('\n')
    const end = lines.findIndex(
      (line, at) => at > lines.indexOf(`## ${heading}`) && /^\|/.test(line) && !/^\|/.test(lines[at + 1]),
    )
    return lines.toSpliced(end + 1, 0, row).join('\n')
  }
}

/** A new verb: its own file, its test, one line in the registry and one in the README. */
function command(name, what, source, test) {
  return {
    create: { [`src/commands/${name}.js`]: source, [`test/${name}.test.js`]: test },
    edit: {
      'src/registry.js': (text) =>
        text.includes(`/${name}.js`)
          ? text
          : text
              .replace(/\n\n/, `\nimport { ${name} } from './commands/${name}.js'\n\n`)
              .replace(/\n}\n$/, `\n  ${name},\n}\n`),
      'README.md': addRow('Commands', `| ${name} | ${what} |`),
    },
  }
}

/** A new room, reached from the hut. */
function room(id, { name, text, out, back, row }) {
  return {
    edit: {
      'src/rooms.js': (source) =>
        source.includes(`  ${id}: {`)
          ? source
          : source
              .replace(/(hut: \{[\s\S]*?exits: \{[^}]*?) \}/, `$1, ${out}: '${id}' }`)
              .replace(
                /\n}\n$/,
                `\n  ${id}: {\n    name: '${name}',\n    text: '${text}',\n    exits: { ${back}: 'hut' },\n  },\n}\n`,
              ),
      'README.md': addRow('Rooms', `| ${id} | ${row} |`),
    },
  }
}

/** Replaces `from` by `to` once; leaves alone what has `to` already. */
function change(from, to) {
  return (text) => {
    if (text.includes(to)) return text
    if (!text.includes(from)) throw new Error(`nothing to change: ${from}`)
    return text.replace(from, () => to)
  }
}

function chain(...steps) {
  return (text) => steps.reduce((so, step) => step(so), text)
}

const TEST_HEAD = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newGame, play } from '../src/game.js'
`

function bagLimit(limit) {
  return {
    edit: {
      'src/bag.js': (text) => {
        const bare = text.replace(/\n\/\*\* More than this.*\n.*\n/, '').replace(/\n {2}if \(.*LIMIT\).*/, '')
        return bare
          .replace('\n/** Puts', `\n/** More than this is too heavy. */\nconst LIMIT = ${limit}\n\n/** Puts`)
          .replace(
            /(pack\(game, id\) \{)/,
            "$1\n  if (thingsIn(game, 'bag').length >= LIMIT) return 'Your bag is full.'",
          )
      },
    },
  }
}

/** The shortest way to win. */
const WALK = [
  'go north',
  'take matches',
  'take oil',
  'go east',
  'take key',
  'go west',
  'go down',
  'take wick',
  'go up',
  'go up',
  'light lamp',
]

export const RECIPES = {
  'Add the drop command': command(
    'drop',
    'puts a thing down',
    `import { carries } from '../bag.js'

export function drop(game, noun) {
  if (!carries(game, noun)) return \`You do not carry \${noun || 'that'}.\`
  game.places[noun] = game.room
  return \`You drop the \${noun}.\`
}
`,
    `${TEST_HEAD}
test('a dropped thing lies in the room', () => {
  const game = newGame()
  assert.match(play(game, 'drop oar'), /do not carry/)
  play(game, 'take oar')
  play(game, 'go north')
  play(game, 'drop oar')
  assert.equal(game.places.oar, 'hut')
})
`,
  ),
  'Add the examine command': command(
    'examine',
    'looks at a thing closely',
    `import { carries } from '../bag.js'
import { items } from '../items.js'

export function examine(game, noun) {
  const here = game.places[noun] === game.room || carries(game, noun)
  return here ? items[noun].text : \`There is no \${noun || 'such thing'} here.\`
}
`,
    `${TEST_HEAD}
test('only what is near can be examined', () => {
  const game = newGame()
  assert.equal(play(game, 'examine rope'), 'Wet, but sound.')
  assert.match(play(game, 'examine oil'), /no oil/)
})
`,
  ),
  'Add the wait command': command(
    'wait',
    'lets time pass',
    `export function wait(game) {
  game.turns = (game.turns ?? 0) + 1
  return game.turns % 2 === 1 ? 'The tide comes in.' : 'The tide goes out.'
}
`,
    `${TEST_HEAD}
test('the tide comes and goes', () => {
  const game = newGame()
  assert.match(play(game, 'wait'), /comes in/)
  assert.match(play(game, 'wait'), /goes out/)
})
`,
  ),
  'Add the help command': command(
    'help',
    'lists the commands',
    `import { commands } from '../registry.js'
import { list } from '../text.js'

export function help() {
  return \`You can: \${list(Object.keys(commands))}.\`
}
`,
    `${TEST_HEAD}import { commands } from '../src/registry.js'

test('help knows every command', () => {
  const answer = play(newGame(), 'help')
  for (const name of Object.keys(commands)) assert.ok(answer.includes(name), name)
})
`,
  ),
  'Dig a cellar under the hut': room('cellar', {
    name: 'The cellar',
    text: 'It smells of old nets.',
    out: 'down',
    back: 'up',
    row: 'nothing yet',
  }),
  'Plant a garden behind the hut': room('garden', {
    name: 'The garden',
    text: 'Cabbages, gone wild in the salt wind.',
    out: 'east',
    back: 'west',
    row: 'cabbages',
  }),
  'Lock the cellar': {
    create: {
      'test/lock.test.js': `${TEST_HEAD}
test('the cellar opens only with the key', () => {
  const game = newGame()
  play(game, 'go north')
  assert.match(play(game, 'go down'), /locked/)
  for (const line of ['go east', 'take key', 'go west', 'go down']) play(game, line)
  assert.equal(game.room, 'cellar')
})
`,
    },
    edit: {
      'src/items.js': change(
        '\n}\n',
        "\n  key: { text: 'Rusty, with a large ring.', room: 'garden' },\n  wick: { text: 'It fits the great lamp.', room: 'cellar' },\n}\n",
      ),
      'src/commands/go.js': chain(
        change('import { rooms }', "import { carries } from '../bag.js'\nimport { rooms }"),
        change(
          '  game.room = to\n',
          "  if (to === 'cellar' && !carries(game, 'key')) return 'The cellar is locked.'\n  game.room = to\n",
        ),
      ),
      'README.md': chain(
        change('| cellar | nothing yet |', '| cellar | a wick, behind a locked door |'),
        change('| garden | cabbages |', '| garden | cabbages and a key |'),
      ),
    },
  },
  'Let the player carry only so much': {
    // Two look plenty until the whole suite runs: the walkthrough carries three things.
    first: bagLimit(2),
    ...bagLimit(4),
    create: {
      'test/bag.test.js': `${TEST_HEAD}
test('a full bag takes nothing more', () => {
  const game = newGame()
  const lines = ['take rope', 'take oar', 'go north', 'take matches', 'take oil']
  for (const line of lines) play(game, line)
  game.places.anchor = 'hut'
  assert.equal(play(game, 'take anchor'), 'Your bag is full.')
  assert.equal(game.places.anchor, 'hut')
})
`,
    },
  },
  'Understand short words': {
    habit: 'forgets to commit',
    create: {
      'test/short.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from '../src/parser.js'

test('short words stand for long ones', () => {
  assert.deepEqual(parse('n'), { verb: 'go', noun: 'north' })
  assert.deepEqual(parse('i'), { verb: 'inventory', noun: '' })
  assert.deepEqual(parse('x oar'), { verb: 'examine', noun: 'oar' })
})
`,
    },
    edit: {
      'src/parser.js': () => `/** Short words that players of such games expect. */
const SHORT = {
  n: 'go north',
  s: 'go south',
  e: 'go east',
  w: 'go west',
  u: 'go up',
  d: 'go down',
  i: 'inventory',
  l: 'look',
  x: 'examine',
}

/** The first word is the verb, the rest is the noun. */
export function parse(line) {
  const [first = '', ...others] = line.trim().toLowerCase().split(/\\s+/)
  const [verb = '', ...rest] = [...(SHORT[first] ?? first).split(' '), ...others]
  return { verb, noun: rest.join(' ') }
}
`,
    },
  },
  'Name things with an article': {
    create: {
      'test/article.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withArticle } from '../src/text.js'

test('things have the article that they need', () => {
  assert.equal(withArticle('rope'), 'a rope')
  assert.equal(withArticle('oar'), 'an oar')
  assert.equal(withArticle('oil'), 'some oil')
})
`,
    },
    edit: {
      'src/text.js': change(
        '/** "rope", "rope and oar"',
        `const SOME = ['matches', 'oil']

/** "a rope", "an oar", "some oil". */
export function withArticle(word) {
  if (SOME.includes(word)) return \`some \${word}\`
  return \`\${/^[aeiou]/.test(word) ? 'an' : 'a'} \${word}\`
}

/** "rope", "rope and oar"`,
      ),
      'src/commands/look.js': chain(
        change('list, sentence', 'list, sentence, withArticle'),
        change('list(things)', 'list(things.map(withArticle))'),
      ),
      'src/commands/inventory.js': chain(
        change('{ list }', '{ list, withArticle }'),
        change('list(things)', 'list(things.map(withArticle))'),
      ),
    },
  },
  'Wrap long lines': {
    create: {
      'test/wrap.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrap } from '../src/text.js'

test('no line is longer than asked, and no word is lost', () => {
  const text = 'the great lamp is dark and the tide comes in'
  const lines = wrap(text, 12).split('\\n')
  assert.ok(lines.every((line) => line.length <= 12))
  assert.equal(lines.join(' '), text)
})
`,
    },
    edit: {
      'src/text.js': (text) =>
        text.includes('function wrap')
          ? text
          : `${text}
/** Breaks text into lines of at most \`width\` characters, between words. */
export function wrap(text, width = 72) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = \`\${lines.at(-1)} \${word}\`.trimStart()
    if (longer.length > width && lines.at(-1) !== '') lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines.join('\\n')
}
`,
      'src/main.js': chain(
        change(
          "import { score } from './score.js'\n",
          "import { score } from './score.js'\nimport { wrap } from './text.js'\n",
        ),
        change("console.log(play(game, 'look'))", "console.log(wrap(play(game, 'look')))"),
        change('console.log(play(game, line))', 'console.log(wrap(play(game, line)))'),
      ),
    },
  },
  'Give points for new rooms': {
    habit: 'exits with 3',
    edit: {
      'src/score.js': chain(
        change(
          '/** Five points for each thing in the bag. */',
          '/** Five points for each thing in the bag, ten for each new room. */',
        ),
        change('length * 5\n', 'length * 5 + game.visited.length * 10\n'),
      ),
      'src/game.js': change('over: false }', 'over: false, visited: [] }'),
      'src/commands/go.js': change(
        '  game.room = to\n',
        '  game.room = to\n  if (!game.visited.includes(to)) game.visited.push(to)\n',
      ),
      'test/score.test.js': (text) =>
        text.includes('new room')
          ? text
          : `${text}
test('each new room gives ten points, once', () => {
  const game = newGame()
  for (const line of ['go north', 'go up', 'go down', 'go up']) play(game, line)
  assert.equal(score(game), 20)
})
`,
    },
  },
  'Light the lamp': command(
    'light',
    'lights the great lamp',
    `import { carries } from '../bag.js'

const NEEDED = ['matches', 'oil', 'wick']

export function light(game, noun) {
  if (game.room !== 'tower' || noun !== 'lamp') return 'There is nothing to light here.'
  const missing = NEEDED.find((id) => !carries(game, id))
  if (missing !== undefined) return \`You have no \${missing}.\`
  game.over = true
  return 'The great lamp burns. A ship turns away from the rocks. You have won!'
}
`,
    `${TEST_HEAD}
test('the lamp needs matches, oil and a wick', () => {
  const game = newGame()
  game.room = 'tower'
  assert.match(play(game, 'light lamp'), /no matches/)
  for (const id of ['matches', 'oil', 'wick']) game.places[id] = 'bag'
  assert.match(play(game, 'light lamp'), /won/)
  assert.equal(game.over, true)
})
`,
  ),
  'Write the walkthrough': {
    create: {
      'test/win.test.js': `${TEST_HEAD}import { readFileSync } from 'node:fs'
import { score } from '../src/score.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the walkthrough of the README wins', () => {
  const lines = readme.split('## Walkthrough')[1].match(/(?<=^\\d+\\. ).*/gm)
  const game = newGame()
  for (const line of lines) play(game, line)
  assert.equal(game.over, true)
  assert.equal(score(game), 60)
})
`,
    },
    edit: {
      'README.md': (text) =>
        text.includes('## Walkthrough')
          ? text
          : `${text}\n## Walkthrough\n\n${WALK.map((line, at) => `${at + 1}. ${line}`).join('\n')}\n`,
    },
  },
}
