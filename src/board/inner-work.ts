/**
 * Work in a repository inside of a lane, a submodule or one that an agent made: the commit of the lane holds the name of
 * a commit in it, and nothing of what is there.
 */
export type InnerWork =
  /** A repository that the project does not declare. */
  | { readonly kind: 'nested'; readonly path: string }
  /** A commit of a submodule that only the lane has. */
  | { readonly kind: 'unpublished'; readonly path: string; readonly commit: string }
  /** A commit of a submodule of which nobody could be asked whether others can get it. */
  | { readonly kind: 'unasked'; readonly path: string; readonly commit: string }
  /** Changes in a submodule that are not committed there. */
  | { readonly kind: 'uncommitted'; readonly path: string }
  /** Files in the place of a submodule that is not checked out. */
  | { readonly kind: 'stray'; readonly path: string; readonly file: string }

/** What is wrong with landing it, and how to mend it; for the next attempt and for people. */
export function innerWorkSentence(work: InnerWork): string {
  const path = JSON.stringify(work.path)
  switch (work.kind) {
    case 'nested':
      return `${path} is a git repository of its own inside the lane: its files would not land, only the number of a commit that nobody else has. Remove its .git and commit the files, ignore the directory, or make it a submodule (git submodule add URL ${path}).`
    case 'unpublished':
      return `The commit ${work.commit.slice(0, 12)} of the submodule ${path} is only in this lane: who checks the project out could not get it. Push it (git -C ${path} push), or go back to one that its remote has.`
    case 'unasked':
      return `Whether others can get the commit ${work.commit.slice(0, 12)} of the submodule ${path} cannot be told: its remote does not answer from inside this lane. Fetch it in the main checkout (git -C ${path} fetch) and try again, or let lanes reach the remote (sandbox.network, sandbox.home).`
    case 'uncommitted':
      return `The submodule ${path} holds changes that are not committed in it, and so are no part of the work. Commit and push them there and commit ${path} here, or take them back.`
    case 'stray':
      return `${path} is a submodule that is not checked out in this lane, and ${JSON.stringify(work.file)} in it is no part of any commit. Move it away and check the submodule out (git submodule update --init ${path}; for each lane: lanes.setup).`
  }
}
