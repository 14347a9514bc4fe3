import { fromMarkdown } from 'mdast-util-from-markdown'
import { startsPart, type TextLines } from './markdown-lines.ts'

type Node = ReturnType<typeof fromMarkdown>['children'][number]
type TextNode = Extract<Node, { type: 'heading' | 'paragraph' }>
type ItemNode = Extract<Node, { type: 'list' }>['children'][number]
type Position = NonNullable<Node['position']>

/** A part of the source: offsets in UTF-16 units, `to` exclusive. */
export interface Slice {
  readonly from: number
  readonly to: number
}

/** A heading of the document itself, not of a list or a quote. */
export interface HeadingBlock extends Slice {
  readonly kind: 'heading'
  readonly depth: number
  /** Line of its text, from 1. */
  readonly line: number
  /** Its text, without the marks. */
  readonly text: Slice
}

/** An item of a list of the document itself. */
export interface ItemBlock extends Slice {
  readonly kind: 'item'
  readonly line: number
  /** The paragraph or heading that it begins with; null where it begins with something else or is empty. */
  readonly text: Slice | null
  /** Where what follows that text begins. */
  readonly rest: number
}

export type MarkdownBlock = HeadingBlock | ItemBlock

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
 * The headings and list items of a CommonMark document, in order.
 *
 * micromark 4 moves all events so far each time that a list or quote ends: 10,000 tasks with two nested lists took
 * it 50 s, measured here. So the document is parsed in parts of about `size` characters. A part may end before a
 * line where the parser itself, given the part and that line, begins a block or list item of the document, the same
 * as it would at the start of one: CommonMark decides that line by line, and nothing is open there. Where it does
 * not (in a code block, say), the part grows to twice the size.
 *
 * `check` is called for each part before it is parsed, with its first line and the one after its last.
 */
export function markdownBlocks(
  lines: TextLines,
  check: (first: number, after: number) => void,
  size = 1500,
): MarkdownBlock[] {
  const blocks: MarkdownBlock[] = []
  for (let first = 0; first < lines.count; ) {
    let after = 0
    for (let wanted = size; ; wanted *= 2) {
      after = endOfPart(lines, first, wanted)
      check(first, after)
      const from = lines.start(first)
      const nodes = parse(lines.text.slice(from, lines.start(after + 1)))
      const cut = lines.start(after) - from
      if (after < lines.count && !startsAfresh(nodes, cut, lines.line(after))) continue
      for (const block of nodes.flatMap((node) => blocksOf(node, from, first)))
        if (block.from < from + cut) blocks.push(block)
      break
    }
    first = after
  }
  return blocks
}

function endOfPart(lines: TextLines, first: number, size: number): number {
  const least = lines.start(first) + size
  let after = first + 1
  while (after < lines.count && (lines.start(after) < least || !startsPart(lines, after))) after += 1
  return after
}

function parse(text: string): readonly Node[] {
  return fromMarkdown(text, { extensions: [{ disable: { null: INLINE } }] }).children
}

/**
 * Whether what begins at `offset` is all that `line` is at the start of a document. (To micromark an empty list item
 * after indented code is a paragraph, for one, and so is the inner item of `- -` after a paragraph.)
 */
function startsAfresh(nodes: readonly Node[], offset: number, line: string): boolean {
  const last = lastBlock(nodes)
  const alone = lastBlock(parse(line))
  return last !== undefined && alone !== undefined && shape(last, offset) === shape(alone, 0)
}

function lastBlock(nodes: readonly Node[]): Node | undefined {
  const last = nodes.at(-1)
  return last?.type === 'list' ? last.children.at(-1) : last
}

function shape(node: Node, from: number): string {
  const inner = 'children' in node ? node.children.map((child) => shape(child, from)) : []
  return `${node.type} ${startOf(node) - from} ${endOf(node) - from} (${inner.join()})`
}

/** `from` and `first` are the offset and the line where the part begins. */
function blocksOf(node: Node, from: number, first: number): MarkdownBlock[] {
  if (node.type === 'list') return node.children.map((item) => itemBlock(item, from, first))
  if (node.type !== 'heading') return []
  return [
    {
      kind: 'heading',
      depth: node.depth,
      line: first + position(node).start.line,
      from: from + startOf(node),
      to: from + endOf(node),
      text: textOf(node, from),
    },
  ]
}

function itemBlock(item: ItemNode, from: number, first: number): ItemBlock {
  const [head] = item.children
  const begins = head?.type === 'paragraph' || head?.type === 'heading' ? head : null
  return {
    kind: 'item',
    line: first + position(begins ?? item).start.line,
    from: from + startOf(item),
    to: from + endOf(item),
    text: begins === null ? null : textOf(begins, from),
    rest: from + endOf(begins ?? item),
  }
}

function textOf(node: TextNode, from: number): Slice {
  const [first] = node.children
  const last = node.children.at(-1)
  if (first === undefined || last === undefined) return { from: from + endOf(node), to: from + endOf(node) }
  return { from: from + startOf(first), to: from + endOf(last) }
}

type Positioned = Pick<Node, 'position'>

function startOf(node: Positioned): number {
  return position(node).start.offset ?? 0
}

function endOf(node: Positioned): number {
  return position(node).end.offset ?? 0
}

function position(node: Positioned): Position {
  if (node.position === undefined) throw new TypeError('Markdown nodes from a parser have positions.')
  return node.position
}
