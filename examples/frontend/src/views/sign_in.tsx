import { useState } from "preact/hooks";
import { Refusal, signIn } from "../api";
import { Failed } from "../parts";

export function SignIn({ ended, done }: { ended: boolean; done: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [organisation, setOrganisation] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  // The same address and password may open several organisations; then the server asks which.
  const asked = error instanceof Refusal && (error.problem.errors ?? []).some((fault) => fault.pointer === "/organisation");
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(email, password, organisation === "" ? undefined : organisation);
      done();
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <p class="brand">Ratchet</p>
        <h1>Sign in</h1>
        {ended && error === null && <p class="notice" role="status">Your session has ended. Sign in again to go on.</p>}
        {error !== null && <Failed error={error} />}
        <div class="field">
          <label for="email">E-mail address</label>
          <input id="email" type="email" autoComplete="username" required value={email} onInput={({ currentTarget }) => setEmail(currentTarget.value)} />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input id="password" type="password" autoComplete="current-password" required value={password}
            onInput={({ currentTarget }) => setPassword(currentTarget.value)} />
        </div>
        {(asked || organisation !== "") && (
          <div class="field">
            <label for="organisation">Organisation (its id)</label>
            <input id="organisation" value={organisation} onInput={({ currentTarget }) => setOrganisation(currentTarget.value)} />
          </div>
        )}
        <div class="buttons"><button type="submit" class="primary wide" disabled={busy}>{busy ? "Signing in…" : "Sign in"}</button></div>
      </form>
    </main>
  );
}
