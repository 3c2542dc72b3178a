import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, maySignIn, signOut, taken, whenEnded, type Schemas } from "./api";
import { forgetPeople } from "./people";
import { useLoaded } from "./load";
import { Read } from "./parts";
import { label } from "./words";
import { SignIn } from "./views/sign_in";
import { Work } from "./views/work";
import { Register } from "./views/register";
import { RecordPage } from "./views/record";
import { Raise } from "./views/raise";
import { Indicators } from "./views/indicators";
import { Readiness } from "./views/readiness";
import "./style.css";

type Me = Schemas["Me"];

const places = [
  { name: "My work", at: ["/work"] },
  { name: "Nonconformities", at: ["/nonconformities", "/records/NC-"] },
  { name: "Indicators", at: ["/indicators", "/records/IND-"] },
  { name: "Readiness", at: ["/readiness"] },
];

const placeNow = () => location.hash.slice(1) || "/work";

/** Whether the caller has a permission, also where it reaches to what is the caller's own alone. */
function may(me: Me, permission: Schemas["Permission"]): boolean {
  return me.permissions.some((granted) => granted.permission === permission && granted.cell !== "no");
}

function View({ at, me }: { at: string; me: Me }) {
  const [path = "", query = ""] = at.split("?");
  const [, area, reference] = path.split("/");
  if (area === "records" && reference) return <RecordPage key={reference} reference={decodeURIComponent(reference)} may={(permission) => may(me, permission)} />;
  if (area === "nonconformities" && reference === "new") return <Raise />;
  if (area === "nonconformities") return <Register query={query} mayRaise={may(me, "raise_nonconformity")} />;
  if (area === "indicators") return <Indicators />;
  if (area === "readiness") return <Readiness />;
  return <Work />;
}

function Nav({ at }: { at: string }) {
  return (
    <nav aria-label="Main">
      {places.map((place) => (
        <a key={place.name} href={`#${place.at[0]}`} aria-current={place.at.some((start) => at.startsWith(start)) ? "page" : undefined}>{place.name}</a>
      ))}
    </nav>
  );
}

function Who({ me, leave }: { me: Me; leave: () => void }) {
  const [member] = useLoaded(async () => {
    if (me.member_id == null) return null;
    return taken(await api.GET("/v1/members/{id}", { params: { path: { id: me.member_id } } }));
  }, [me.member_id]);
  return (
    <div class="who">
      <span><strong>{member.is === "there" && member.value ? member.value.name : "…"}</strong> <span class="role">{me.roles.map(label).join(", ")}</span></span>
      <button type="button" class="quiet" onClick={leave}>Sign out</button>
    </div>
  );
}

function Inside({ leave }: { leave: () => void }) {
  const [at, go] = useState(placeNow);
  const [me, again] = useLoaded(async () => taken(await api.GET("/v1/me")), []);
  useEffect(() => {
    const follow = () => {
      go(placeNow());
      window.scrollTo(0, 0);
    };
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  // Whoever hears the page is told that it is another one.
  const [path] = at.split("?");
  useEffect(() => document.querySelector("main")?.focus({ preventScroll: true }), [path]);
  return (
    <Read loaded={me} again={again}>
      {(me) => (
        <>
          <a class="skip" href="#main" onClick={(event) => {
            event.preventDefault();
            document.querySelector("main")?.focus();
          }}>Skip to content</a>
          <header class="top">
            <a class="brand" href="#/work">Ratchet <span>{me.organisation}</span></a>
            <Nav at={at} />
            <Who me={me} leave={leave} />
          </header>
          <main id="main" tabIndex={-1}><View at={at} me={me} /></main>
        </>
      )}
    </Read>
  );
}

function App() {
  const [inside, set] = useState(maySignIn);
  const [ended, setEnded] = useState(false);
  useEffect(() => whenEnded(() => {
    setEnded(true);
    set(false);
  }), []);
  if (!inside) return <SignIn ended={ended} done={() => set(true)} />;
  return <Inside leave={() => {
    void signOut().finally(() => {
      forgetPeople();
      setEnded(false);
      set(false);
      location.hash = "/work";
    });
  }} />;
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
