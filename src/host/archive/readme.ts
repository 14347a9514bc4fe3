/** Left beside the archives when Worklane is taken out of a repository: how to read them with git and tar alone. */
export const READ_WITHOUT_WORKLANE = `# Archives of lanes

Worklane was taken out of this repository and left these. Nothing here is needed to work with the repository.

- Commits, branches and stashes of each lane are kept under refs/worklane/archive/NAME:
      git for-each-ref refs/worklane/archive
      git branch rescued refs/worklane/archive/NAME/branch
- Files that were not committed, and chosen ignored ones, are in archive/NAME/files.tar:
      tar -tvf archive/NAME/files.tar
- manifest.json in the same directory lists every file with its mode.

To have a lane back as it was, give this directory its old name, worklane, unless Worklane is in use here again (then
move that one away first), and run: worklane archive list
To delete everything: remove this directory, and the refs of each NAME in it:
      git for-each-ref --format='delete %(refname)' refs/worklane/archive/NAME | git update-ref --stdin
`
