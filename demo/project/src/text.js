/** "rope", "rope and oar", "rope, oar and oil". */
export function list(words) {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** A capital at the start, a full stop at the end. */
export function sentence(text) {
  const end = /[.!?]$/.test(text) ? '' : '.'
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`
}
