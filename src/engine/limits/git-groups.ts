import { existsSync } from 'node:fs'
import type { GroupTree } from '../../host/limits/cgroup.ts'
import type { GroupLimits } from '../../host/limits/controllers.ts'
import type { Group } from '../../host/limits/group.ts'

/**
 * Control groups for git of ours in lanes. One a lane, for as long as the lane has its room: a group for each command
 * would cost more than the command.
 */
export class GitGroups {
  readonly #tree: GroupTree
  readonly #limits: GroupLimits
  readonly #roomOf: (laneId: number) => string
  readonly #groups = new Map<number, Promise<Group>>()

  constructor(tree: GroupTree, limits: GroupLimits, roomOf: (laneId: number) => string) {
    this.#tree = tree
    this.#limits = limits
    this.#roomOf = roomOf
  }

  async of(laneId: number): Promise<Group> {
    const known = this.#groups.get(laneId)
    if (known !== undefined) return await known
    const group = this.#tree.open(`git-${laneId}`, this.#limits)
    this.#groups.set(laneId, group)
    group.catch(() => this.#groups.delete(laneId))
    await this.#closeRemoved()
    return await group
  }

  async #closeRemoved(): Promise<void> {
    for (const [laneId, group] of this.#groups) {
      if (existsSync(this.#roomOf(laneId))) continue
      this.#groups.delete(laneId)
      await group.then(async (one) => await one.close()).catch(() => undefined)
    }
  }
}
