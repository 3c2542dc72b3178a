import { defineConfig } from "vite";

// Where Ratchet listens: the browser asks the origin that serves the app, which hands the API's paths on.
const proxy = { "/v1": { target: process.env.RATCHET_URL ?? "http://127.0.0.1:8080" } };

export default defineConfig({
  server: { proxy },
  preview: { proxy },
  build: { target: "es2022" },
});
