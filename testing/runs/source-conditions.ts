/** Has vitest load the workspaces from source; without it, or in one place only, it tests a stale dist. */
export const sourceConditions = ['@valence/source', 'import', 'module', 'node', 'default']
