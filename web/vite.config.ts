import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

const target = process.env['PABAL_SERVER'] ?? 'http://127.0.0.3:2080'
const proxy = Object.fromEntries(['/jmap', '/auth', '/.well-known', '/i/', '/b/'].map((path) => [path, { target, changeOrigin: false }]))

// What `npm run build` puts into dist/ is embedded in the server's program. Names carry a hash of the content, so the
// server may tell browsers to keep them for ever.
export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0, // our policy lets no data: font or script in
    cssCodeSplit: true,
  },
  // While one works on the agent: a server beside it, `pabal demo`'s Bob for example.
  server: { proxy },
  preview: { proxy },
})
