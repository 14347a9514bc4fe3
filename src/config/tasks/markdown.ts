import { usageAt, within } from '../place.ts'
import { splitAttributes } from './attributes.ts'
import { type FileTask, type ParsedFile, plainTask } from './file-task.ts'
import {
  type HeadingBlock,
  type ItemBlock,
  type MarkdownBlock,
  markdownBlocks,
  type Slice,
} from './markdown-blocks.ts'
import { checkPart, checkWhole, type TextLines, textLines } from './markdown-lines.ts'

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
 *                "timeLimit=" duration | "network=" on, off or domains | "review" | "allowEmpty"
 * key          = letters, digits, ".", "-", "_"; not digits alone        ref = key | "#" number of an existing task
 *
 * "[x]" marks a task as done: it is left out, and what waits for it waits no longer. Braces that follow a space at
 * the end of the line are attributes and must be correct; "\{" there keeps them as text. Nothing else is
 * interpreted: emphasis, links, code and HTML stay as they are written.
 * @throws UsageError
 */
export function parseMarkdownTasks(file: string, text: string): ParsedFile {
  const lines = textLines(text)
  checkWhole(file, lines)
  refuseFrontMatter(file, lines)
  const blocks = markdownBlocks(lines, (first, after) => checkPart(file, lines, first, after))
  const headings = taskHeadings(file, blocks)
  const items = blocks.filter((block) => block.kind === 'item')
  const document = { file, text }
  const found =
    headings.length >= 2 || items.length === 0
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
}

interface Found {
  readonly task: FileTask
  readonly done: boolean
}

/**
 * CommonMark would read it as a rule and a heading; to skip it could skip tasks between two rules. `---js` and `+++` as
 * some site generators have them.
 */
function refuseFrontMatter(file: string, lines: TextLines): void {
  const mark = /^(---|\+\+\+)[ \t]*[a-z]*\s*$/i.exec(lines.line(0))?.[1]
  if (mark === undefined) return
  for (let line = 1; line < lines.count; line += 1)
    if (lines.line(line).trimEnd() === mark)
      throw usageAt(
        { file, line: 1 },
        'The file begins with front matter.',
        'Remove it, or use a YAML task file.',
      )
}

/** The headings that are tasks if headings are: those of the highest level below the title. */
function taskHeadings(file: string, blocks: readonly MarkdownBlock[]): HeadingBlock[] {
  const all = blocks.filter((block) => block.kind === 'heading')
  const [first, ...rest] = all
  if (first === undefined) return []
  const titled = rest.length > 0 && rest.every((heading) => heading.depth > first.depth)
  const candidates = titled ? rest : all
  const level = candidates.reduce((least, heading) => Math.min(least, heading.depth), 6)
  const tasks = candidates.filter((heading) => heading.depth === level)
  const [stray] = candidates
  if (tasks.length >= 2 && stray !== undefined && stray.depth > level)
    throw usageAt(
      { file, line: stray.line },
      'This heading stands before the tasks but below their level.',
      'Give it the level of the tasks, or move it under one.',
    )
  return tasks
}

/** No heading after the first task is above their level, so that the next task ends the description. */
function fromHeading(document: Document, heading: HeadingBlock, next: HeadingBlock | undefined): Found {
  const description = document.text.slice(heading.to, next?.from)
  return makeTask(document, heading.line, heading.text, description)
}

/** The first line of an item is its subject, whatever follows is its description. */
function fromItem(document: Document, item: ItemBlock): Found {
  const { file, text } = document
  const { line, text: head } = item
  if (head === null)
    throw usageAt(
      { file, line },
      'This list item does not begin with a line of text.',
      'Begin each task with one line that says what is to be done.',
    )
  const subject = text.slice(head.from, head.to).split(/[\r\n]/, 1)[0] ?? ''
  const to = head.from + subject.length
  // A heading may end in marks that are no text.
  const rest = text.slice(to === head.to ? item.rest : to, item.to)
  return makeTask(document, line, { from: head.from, to }, dedent(rest, columnAt(text, head.from)))
}

function makeTask(document: Document, line: number, subject: Slice, description: string): Found {
  return within({ file: document.file, line }, () => {
    const { done, rest } = splitTick(document.text.slice(subject.from, subject.to))
    const { text, attributes } = splitAttributes(rest)
    const task = { ...plainTask(text, line), description: trimLines(description), ...attributes }
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

/** Columns before `at` in its line. */
function columnAt(text: string, at: number): number {
  let start = at
  while (start > 0 && !/[\r\n]/.test(text[start - 1] ?? '')) start -= 1
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
