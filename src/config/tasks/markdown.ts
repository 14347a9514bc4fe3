import { fromMarkdown } from 'mdast-util-from-markdown'
import { usageAt, within } from '../place.ts'
import { splitAttributes } from './attributes.ts'
import { type FileTask, type ParsedFile, plainTask } from './file-task.ts'
import { checkBounds, MOST_LINES } from './markdown-bounds.ts'

type Root = ReturnType<typeof fromMarkdown>
type Block = Root['children'][number]
type Heading = Extract<Block, { type: 'heading' }>
type Item = Extract<Block, { type: 'list' }>['children'][number]

/**
 * Only the blocks matter, and text is taken from the source by position. Without these constructs it stays as it is
 * written, and the cost of hostile brackets and stars falls away.
 */
const INLINE = [
  'attention',
  'autolink',
  'characterEscape',
  'characterReference',
  'codeText',
  'definition',
  'hardBreakEscape',
  'htmlText',
  'labelEnd',
  'labelStartImage',
  'labelStartLink',
]

/**
 * The tasks of a Markdown document (CommonMark).
 *
 * Headings, when two or more can be tasks, or there is no list: a first heading that stands alone at its level
 * above others is the title; of the rest, each heading of the highest level is a task. Its text is the subject, and
 * everything up to the next task, deeper headings included, is the description, exactly as written.
 *
 * A list, else: each top-level item is a task. Its first line is the subject; the rest, nested lists included, is
 * the description, without the indent of the item. Text around the list is for people.
 *
 * Subject line = [ "[ ] " | "[x] " ] text [ " {" attribute { " " attribute } "}" ]
 * attribute    = "#" key | "key=" key | "after=" ref { "," ref } | "priority=" integer | "attempts=" integer |
 *                "timeLimit=" duration | "review" | "allowEmpty"
 * key          = letters, digits, ".", "-", "_"; not digits alone        ref = key | "#" number of an existing task
 *
 * "[x]" marks a task as done: it is left out, and what waits for it waits no longer. Braces that follow a space at
 * the end of the line are attributes and must be correct; "\{" there keeps them as text. Nothing else is
 * interpreted: emphasis, links, code and HTML stay as they are written.
 * @throws UsageError
 */
export function parseMarkdownTasks(file: string, text: string): ParsedFile {
  checkBounds(file, text)
  refuseFrontMatter(file, text)
  const document: Document = {
    file,
    text,
    blocks: fromMarkdown(text, { extensions: [{ disable: { null: INLINE } }] }).children,
  }
  const headings = taskHeadings(document)
  const items = document.blocks.flatMap((block) => (block.type === 'list' ? block.children : []))
  const byHeadings = headings.length >= 2 || items.length === 0
  const found = byHeadings
    ? headings.map((heading, index) => fromHeading(document, heading, headings[index + 1]))
    : items.map((item) => fromItem(document, item))
  return {
    tasks: found.flatMap(({ done, task }) => (done ? [] : [task])),
    done: found.flatMap(({ done, task }) => (done ? [task.key ?? ''] : [])),
  }
}

interface Document {
  readonly file: string
  readonly text: string
  readonly blocks: readonly Block[]
}

interface Found {
  readonly task: FileTask
  readonly done: boolean
}

/** CommonMark would read it as a rule and a heading; to skip it could skip tasks between two rules. */
function refuseFrontMatter(file: string, text: string): void {
  const [first, ...rest] = text.split(/\r\n|\n|\r/, MOST_LINES).map((line) => line.trimEnd())
  if (first !== '---' || !rest.includes('---')) return
  throw usageAt(
    { file, line: 1 },
    'The file begins with front matter.',
    'Remove it, or use a YAML task file.',
  )
}

/** The headings that are tasks if headings are: those of the highest level below the title. */
function taskHeadings({ file, blocks }: Document): Heading[] {
  const all = blocks.filter((block) => block.type === 'heading')
  const [first, ...rest] = all
  if (first === undefined) return []
  const titled = rest.length > 0 && rest.every((heading) => heading.depth > first.depth)
  const candidates = titled ? rest : all
  const level = candidates.reduce((least, heading) => Math.min(least, heading.depth), 6)
  const tasks = candidates.filter((heading) => heading.depth === level)
  const [stray] = candidates
  if (tasks.length >= 2 && stray !== undefined && stray.depth > level)
    throw usageAt(
      { file, line: span(stray).start.line },
      'This heading stands before the tasks but below their level.',
      'Give it the level of the tasks, or move it under one.',
    )
  return tasks
}

/** No heading after the first task is above their level, so that the next task ends the description. */
function fromHeading(document: Document, heading: Heading, next: Heading | undefined): Found {
  const end = next === undefined ? document.text.length : offset(span(next).start)
  const description = document.text.slice(offset(span(heading).end), end)
  return makeTask(document, textSpan(heading), description)
}

/** The first line of an item is its subject, whatever follows is its description. */
function fromItem(document: Document, item: Item): Found {
  const { file, text } = document
  const [first] = item.children
  const { start, end } = span(item)
  if (first === undefined || (first.type !== 'paragraph' && first.type !== 'heading'))
    throw usageAt(
      { file, line: start.line },
      first === undefined ? 'This list item is empty.' : 'This list item does not begin with a line of text.',
      'Begin each task with one line that says what is to be done.',
    )
  const subject = textSpan(first)
  const line = text.slice(subject.from, subject.to).split(/[\r\n]/, 1)[0] ?? ''
  const rest = first.type === 'heading' ? offset(span(first).end) : subject.from + line.length
  const description = dedent(text.slice(rest, offset(end)), columnAt(text, offset(span(first).start)))
  return makeTask(document, { ...subject, to: subject.from + line.length }, description)
}

function makeTask(document: Document, subject: TextSpan, description: string): Found {
  return within({ file: document.file, line: subject.line }, () => {
    const { done, rest } = splitTick(document.text.slice(subject.from, subject.to))
    const { text, attributes } = splitAttributes(rest)
    const task = { ...plainTask(text, subject.line), description: trimLines(description), ...attributes }
    return { done, task }
  })
}

/** The mark of a task list, from GitHub's Markdown. */
function splitTick(line: string): { done: boolean; rest: string } {
  const mark = line.slice(0, 3).toLowerCase()
  const separate = line.length === 3 || /\s/.test(line[3] ?? '')
  if (!separate || (mark !== '[ ]' && mark !== '[x]')) return { done: false, rest: line }
  return { done: mark === '[x]', rest: line.slice(4) }
}

/** Columns before `at` in its line. Those of the parser count a tab as one. */
function columnAt(text: string, at: number): number {
  const start = Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1)) + 1
  return [...text.slice(start, at)].reduce(advance, 0)
}

/** A tab reaches to the next multiple of four. */
function advance(column: number, character: string): number {
  return character === '\t' ? column + 4 - (column % 4) : column + 1
}

/** Removes up to `width` columns of indent from each line but the first. */
function dedent(text: string, width: number): string {
  return text.replace(/^[ \t]+/gm, (indent, at: number) => {
    if (at === 0) return indent
    let column = 0
    let used = 0
    while (used < indent.length && column < width) {
      column = advance(column, indent[used] ?? '')
      used += 1
    }
    return ' '.repeat(Math.max(0, column - width)) + indent.slice(used)
  })
}

/** Without the empty lines around it; the indent of the first line may matter and stays. */
function trimLines(text: string): string {
  return text.replace(/^(?:[ \t]*(?:\r\n|\n|\r))+/, '').trimEnd()
}

interface TextSpan {
  readonly from: number
  readonly to: number
  readonly line: number
}

/** Where the text of a block stands, without the marks of a heading. */
function textSpan(block: Extract<Block, { type: 'heading' | 'paragraph' }>): TextSpan {
  const { start, end } = span(block)
  const [first] = block.children
  const last = block.children.at(-1)
  if (first === undefined || last === undefined)
    return { from: offset(end), to: offset(end), line: start.line }
  return { from: offset(span(first).start), to: offset(span(last).end), line: start.line }
}

type Span = NonNullable<Block['position']>

function span(node: Pick<Block, 'position'>): Span {
  if (node.position === undefined) throw new TypeError('Markdown nodes from a parser have positions.')
  return node.position
}

function offset(point: Span['start']): number {
  return point.offset ?? 0
}
