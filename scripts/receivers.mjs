// Verifies one message with the library of Standard Webhooks for JavaScript: {secret, headers, body} on its input.
import { Webhook } from "standardwebhooks";

let input = "";
for await (const chunk of process.stdin) input += chunk;
for (const line of input.split("\n").filter(Boolean)) {
  const { secret, headers, body } = JSON.parse(line);
  const event = new Webhook(secret).verify(body, headers);
  console.log(event.id ?? event);
  try {
    new Webhook(secret).verify(body + " ", headers);
  } catch {
    continue;
  }
  throw new Error("a changed body was taken");
}
