# syntax=docker/dockerfile:1
# The service: HTTP, a worker, or both. No setting and no secret is in the image; they come from the
# environment when it is run. See compose.yaml and docs/going-live.md.

FROM node:24-bookworm-slim AS packages
WORKDIR /opt/user-vps
COPY package.json package-lock.json ./
# The Node that runs the service is one of these packages, so that it is the same everywhere.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund

# The Pulumi engine and its plugin: downloaded, or built by Go where the download site is not reachable.
# Only what the set-up of the engine needs is copied, so that it is made again only when that changes.
FROM golang:1.25-bookworm AS engine
WORKDIR /opt/user-vps
ENV XDG_CACHE_HOME=/var/cache
COPY --from=packages /opt/user-vps ./
COPY providers/core ./providers/core
COPY src/install-pulumi ./src/install-pulumi
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/var/cache/go-build \
    node_modules/.bin/node src/install-pulumi/main.ts && chown -R 10001 /var/cache/user-vps
# Once more as the user who runs the service: who may not write into the program's folder has files of the engine's in the cache.
USER 10001
RUN node_modules/.bin/node src/install-pulumi/main.ts
# The stand-in for the plugin works against a sandbox alone: an image with it is for trying only.
ARG ALLOW_STAND_INS=false
RUN test "$ALLOW_STAND_INS" = true || ! ls -d /var/cache/user-vps/checkout-*/pulumi-home 2>/dev/null \
    || { echo "Cloudflare's plugin could not be fetched; --build-arg ALLOW_STAND_INS=true makes an image for the sandbox." >&2; exit 1; }

FROM debian:bookworm-slim
# Not pinned: whatever is newest holds the security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libstdc++6 tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent user-vps
WORKDIR /opt/user-vps
ENV XDG_CACHE_HOME=/var/cache NODE_COMPILE_CACHE=/tmp/node-compile-cache HOST=0.0.0.0 PORT=8080
COPY --from=packages /opt/user-vps ./
COPY --from=engine /var/cache/user-vps /var/cache/user-vps
# Of the last one `init` makes a .env.
COPY Pulumi.yaml LICENSE .env.example ./
COPY bin ./bin
COPY exports ./exports
COPY providers ./providers
COPY stacks ./stacks
COPY src ./src
# All of it belongs to root: the service cannot change its own program, nor the engine. That it need not is seen here.
USER 10001
RUN node_modules/.bin/node src/install-pulumi/main.ts
EXPOSE 8080
# Of HTTP; a worker has no port and switches it off, see compose.yaml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["/opt/user-vps/node_modules/.bin/node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# tini takes in what providers leave behind, and passes SIGTERM on to the service alone.
ENTRYPOINT ["tini", "--", "/opt/user-vps/bin/user-vps"]
CMD ["serve"]
