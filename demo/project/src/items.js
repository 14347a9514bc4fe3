/** What can be carried, and the room where it lies at first. */
export const items = {
  rope: { text: 'Wet, but sound.', room: 'shore' },
  oar: { text: 'It has no boat any more.', room: 'shore' },
  matches: { text: 'Three are left.', room: 'hut' },
  oil: { text: 'Enough for one night.', room: 'hut' },
}
