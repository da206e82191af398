# A static binary in a bare, non-root image. Build: docker build -t upshot .
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN make static VERSION="$VERSION" && mkdir -p /root-fs/data /root-fs/tmp /root-fs/etc/ssl/certs \
 && cp bin/upshot /root-fs/upshot && cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/ \
 && chmod 1777 /root-fs/tmp && chown 65532:65532 /root-fs/data

FROM scratch
COPY --from=build /root-fs/ /
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV UPSHOT_ADDR=:8080 UPSHOT_DATABASE=/data/upshot.db UPSHOT_LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/upshot", "health"]
ENTRYPOINT ["/upshot"]
CMD ["serve"]
