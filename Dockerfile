# Two images from one file: `flights` (the default, the last stage) and `flink`, which compose.yaml
# uses. Build flights with `docker build -t flights .`, run it with `docker run --rm flights --help`.

# Flink's own image has no Kafka connector; Maven brings exactly the one that fits.
FROM maven:3.9.11-eclipse-temurin-21 AS connector
RUN mvn --quiet --batch-mode dependency:copy -DoutputDirectory=/jars \
  -Dartifact=org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2

FROM flink:2.2.1-java17 AS flink
COPY --from=connector --chown=flink:flink /jars/ /opt/flink/lib/
# A volume takes over the owner of the folder it is first laid on.
RUN mkdir /checkpoints && chown flink:flink /checkpoints

FROM denoland/deno:2.9.6 AS program
WORKDIR /build
COPY deno.json deno.lock main.ts ./
COPY src/ src/
RUN deno bundle --platform deno --output flights.js main.ts

FROM denoland/deno:2.9.6 AS flights
COPY --from=program /build/flights.js /opt/flights/flights.js
RUN mkdir /data && chown deno:deno /data
USER deno
WORKDIR /data
VOLUME /data
ENV FLIGHTS_DATA=/data
ENTRYPOINT ["/tini", "--", "deno", "run", "--quiet", "--allow-all", "--no-config", "--no-lock", "/opt/flights/flights.js"]
