// One JavaScript file, one style sheet, fixed names: the server embeds exactly these.
import { defineConfig } from 'vite';

const server = process.env.HEARTH_URL ?? 'http://localhost:9090';

export default defineConfig({
  base: './',
  publicDir: 'public',
  json: { stringify: true }, // the dashboards that come with it, deploy/grafana
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2020',
    outDir: 'build',
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      output: {
        inlineDynamicImports: true,
        entryFileNames: 'app.js',
        assetFileNames: (asset) => (asset.name?.endsWith('.css') ? 'app.css' : '[name][extname]'),
      },
    },
  },
  server: { proxy: { '/api': server, '/-/': server, '/metrics': server } },
});
