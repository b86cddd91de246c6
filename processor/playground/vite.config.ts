import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: { conditions: ['@valence/source', 'browser', 'import', 'default'] },
  build: {
    outDir: '../dist/playground',
    emptyOutDir: true,
    target: 'es2023',
    // The page's own policy allows no inline scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
})
