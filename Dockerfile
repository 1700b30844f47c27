# The image that `make image` makes, for those who build with Docker: the same script lays out the same files.
#   docker build --build-arg REVISION=$(git rev-parse HEAD) --build-arg CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ) .
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git make
COPY . /source
WORKDIR /source
RUN make build && mkdir /image && \
    scripts/image bazel-bin/cmd/batond/batond bazel-bin/cmd/batonctl/batonctl --root /image

FROM scratch
ARG CREATED
ARG REVISION
COPY --from=build /image /
COPY --from=build --chown=65532:65532 /image/var/lib/baton /var/lib/baton
USER 65532:65532
ENV PATH=/usr/bin
WORKDIR /var/lib/baton
EXPOSE 7400/tcp 7401/tcp 7402/tcp
ENTRYPOINT ["/usr/bin/batond"]
LABEL org.opencontainers.image.title="baton" \
      org.opencontainers.image.description="A coordination service: elections, locks with fencing tokens, watches" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.version="0.1.0"
