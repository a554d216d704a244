# The relay in one image: docker build -t crypt2chat-relay .
# How it is run, and behind what: docs/operating-a-relay.md

FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY relay/package.json relay/
COPY extension/package.json extension/
RUN npm ci --ignore-scripts
COPY scripts scripts
COPY shared/src shared/src
COPY relay/src relay/src
RUN node scripts/build.mjs relay

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    CRYPT2CHAT_HOST=0.0.0.0 \
    CRYPT2CHAT_PORT=8787 \
    CRYPT2CHAT_DATA=/data
WORKDIR /relay
COPY --from=build /build/dist/relay/ ./
RUN chmod 0644 sql-wasm-debug.wasm && mkdir /data && chown node:node /data && chmod 0700 /data
USER node
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CRYPT2CHAT_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "main.cjs"]
