/// <reference types="vite/client" />
interface ImportMetaEnv {
  /** Where the API is, when it has another origin than the app. */
  readonly VITE_API_URL?: string;
}
