# The relay in one image: docker build -t crypt2chat-relay .
# How it is run, and behind what: docs/operating-a-relay.md. scripts/image.mjs builds it and sees whether it holds.

# The bundle is the same for every architecture: it is made on that of the machine.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY relay/package.json relay/
COPY extension/package.json extension/
# Behind a registry or a certificate authority of one's own: --secret id=npmrc,src=FILE --secret id=ca,src=FILE
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca,target=/run/build-ca.pem \
    if [ -s /run/build-ca.pem ]; then export NODE_EXTRA_CA_CERTS=/run/build-ca.pem; fi; \
    npm ci --ignore-scripts
COPY scripts scripts
COPY shared/src shared/src
COPY relay/src relay/src
RUN node scripts/build.mjs relay && chmod 0755 dist/relay/main.cjs && chmod 0644 dist/relay/*.wasm

FROM node:24-bookworm-slim
# Half the young generation, one helper thread of V8 and one arena of memory: less of it, at no cost in speed that could
# be measured (docs/benchmarks.md).
ENV NODE_ENV=production \
    NODE_OPTIONS="--max-semi-space-size=8 --v8-pool-size=1" \
    MALLOC_ARENA_MAX=1 \
    CRYPT2CHAT_HOST=0.0.0.0 \
    CRYPT2CHAT_PORT=8787 \
    CRYPT2CHAT_DATA=/data
COPY --from=build /build/dist/relay/ /relay/
RUN ln -s /relay/main.cjs /usr/local/bin/relay && mkdir -m 0700 /data && chown 1000:1000 /data
# The base's user `node`. A number, because not everything that runs images looks names up.
USER 1000:1000
VOLUME /data
EXPOSE 8787
HEALTHCHECK --interval=30s --timeout=15s --start-period=30s CMD ["relay", "ready"]
ENTRYPOINT ["relay"]
CMD ["serve"]
