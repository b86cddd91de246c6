export { openRegistry } from '../runtime/open-registry.ts'
