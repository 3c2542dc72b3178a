"""A mail server that keeps what it is given, and answers as it is told.

server.py DIRECTORY [USER PASSWORD [CERTIFICATE KEY]]

Prints its port, a free one unless PORT names one. Each e-mail becomes a file of JSON in DIRECTORY: its envelope, how it came,
and what it says. While there is a file DIRECTORY/answer, recipients are answered with that line, or where it says `wait` not
at all. With a user it asks for a login, with a certificate for STARTTLS before that.
"""

import asyncio
import json
import os
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult


class Keeper:
    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = os.path.join(self.directory, "answer")
        while os.path.exists(answer):
            with open(answer, encoding="ascii") as told:
                line = told.read().strip()
            if line != "wait":
                return line
            await asyncio.sleep(0.05)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None,
            "authenticated": bool(session.authenticated),
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_content(),
        }
        self.count += 1
        path = os.path.join(self.directory, f"{os.getpid()}-{self.count:04}")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(about, file)
        # Whole, or not there.
        os.rename(path + ".part", path + ".json")
        return "250 kept"


async def serve(directory, user=None, password=None, certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

    def authenticate(server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        # Not handled: the answer is left to the server.
        return AuthResult(success=given == (user, password), handled=False)

    keeper = Keeper(directory)

    def connected():
        return SMTP(
            keeper,
            hostname="mail.example",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=authenticate,
            auth_required=user is not None,
            auth_require_tls=context is not None,
        )

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", int(os.environ.get("PORT", "0")))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve(*sys.argv[1:]))
