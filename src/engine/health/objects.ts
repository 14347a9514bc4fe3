import { emptyObjects } from '../../host/git/empty-objects.ts'
import type { World } from '../world.ts'
import type { Finding } from './finding.ts'

/** Objects that a power cut left without content. */
export async function objectFindings({ repository }: World): Promise<Finding[]> {
  const found = await emptyObjects(repository.commonDir)
  if (found.length === 0) return []
  const one = found.length === 1
  return [
    {
      code: 'objects-empty',
      what: `${found.length} ${one ? 'object of git is an empty file' : 'objects of git are empty files'}: ${found.slice(0, 3).join(', ')}`,
      why: 'The power went while git wrote. Git takes the file for the object and never writes it again.',
      fix: 'worklane doctor --fix',
      fixable: true,
    },
  ]
}
