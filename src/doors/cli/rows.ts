import Table from 'cli-table3'

const NOTHING = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Columns without lines around them. */
export async function rows(cells: readonly (readonly string[])[]): Promise<string> {
  const table = new Table({
    chars: NOTHING,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  })
  for (const row of cells) table.push([...row])
  return table.toString().replace(/ +$/gm, '')
}
