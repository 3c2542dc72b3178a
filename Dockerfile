# Two stages: the program is built with everything it links, and runs alone as a user of its own.
FROM rust:1.95-bookworm AS build
# perl and make build the bundled OpenSSL of libpq; cmake builds the TLS library of the tokens.
RUN apt-get update && apt-get install -y --no-install-recommends cmake perl make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The image's own toolchain: without it rustup would fetch the newest one for rust-toolchain.toml.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
RUN cargo build --locked --release --package ratchet-server

FROM debian:bookworm-slim
# pg_dump and pg_restore, for `backup` and `restore`; they copy servers up to their own version, 15.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --create-home ratchet
COPY --from=build /src/target/release/ratchet /usr/local/bin/ratchet
USER ratchet
VOLUME /data
ENV RATCHET_DATA_DIR=/data RATCHET_HOST=0.0.0.0 RATCHET_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["ratchet", "health"]
ENTRYPOINT ["ratchet"]
CMD ["serve"]
