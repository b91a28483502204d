import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes one topic a case; args: bootstrap servers. */
public class JavaBatches {
  static String servers;
  static byte[] utf8(String s) { return s == null ? null : s.getBytes(StandardCharsets.UTF_8); }

  static KafkaProducer<byte[], byte[]> producer(String... settings) {
    Properties p = new Properties();
    p.put("bootstrap.servers", servers);
    p.put("linger.ms", "1000");
    p.put("batch.size", "1000000");
    for (int i = 0; i < settings.length; i += 2) p.put(settings[i], settings[i + 1]);
    return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
  }

  static ProducerRecord<byte[], byte[]> record(String topic, long timestamp, String key, String value) {
    return new ProducerRecord<>(topic, 0, timestamp, utf8(key), utf8(value));
  }

  static void topic(Admin admin, String name, String... config) throws Exception {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < config.length; i += 2) map.put(config[i], config[i + 1]);
    admin.createTopics(List.of(new NewTopic(name, 1, (short) 1).configs(map))).all().get();
  }

  public static void main(String[] args) throws Exception {
    servers = args[0];
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
      topic(admin, "java-shapes");
      try (var p = producer()) {
        p.send(record("java-shapes", 0, null, null));
        p.send(record("java-shapes", 1767225600000L, "", ""));
        p.send(record("java-shapes", 4102444800000L, "key", "value"));
        p.send(record("java-shapes", 1, "Zürich", "日本語 🛫"));
        var headers = record("java-shapes", 1767225600001L, "headers", "v");
        headers.headers().add(new RecordHeader("null", (byte[]) null))
          .add(new RecordHeader("empty", new byte[0]))
          .add(new RecordHeader("größe", utf8("ß🛬")))
          .add(new RecordHeader("", utf8("no name")))
          .add(new RecordHeader("null", new byte[] {0, (byte) 255}));
        p.send(headers);
      }
      topic(admin, "java-append-time", "message.timestamp.type", "LogAppendTime");
      try (var p = producer()) {
        for (int i = 0; i < 3; i++) p.send(record("java-append-time", 1000 + i, "k" + i, "v" + i));
      }
      for (String codec : List.of("none", "gzip", "zstd", "snappy", "lz4")) {
        topic(admin, "java-" + codec);
        try (var p = producer("compression.type", codec)) {
          for (int i = 0; i < 200; i++) {
            p.send(record("java-" + codec, 1767225600000L + 37L * i, "traveller" + i % 7 + "@example.com",
              "{\"reference\":\"R" + i + "\",\"price\":" + i * 11 + "}"));
          }
        }
      }
      for (String codec : List.of("snappy", "lz4")) {
        topic(admin, "java-" + codec + "-blocks");
        try (var p = producer("compression.type", codec)) {
          for (int i = 0; i < 400; i++) {
            p.send(record("java-" + codec + "-blocks", 1767225600000L + i, null, ("value " + i * i % 251 + "; ").repeat(40)));
          }
        }
      }
      topic(admin, "java-transactions");
      try (var p = producer("transactional.id", "t1")) {
        p.initTransactions();
        p.beginTransaction();
        p.send(record("java-transactions", 1000, "a", "committed"));
        p.send(record("java-transactions", 1001, "b", "committed"));
        p.commitTransaction();
        p.beginTransaction();
        p.send(record("java-transactions", 2000, "a", "aborted"));
        p.flush();
        p.abortTransaction();
        p.beginTransaction();
        p.send(record("java-transactions", 3000, "a", "committed"));
        p.commitTransaction();
      }
      topic(admin, "java-compacted", "cleanup.policy", "compact", "segment.ms", "100",
        "min.cleanable.dirty.ratio", "0.001");
      try (var p = producer()) {
        for (String key : List.of("a", "b", "a", "c", "a", "d", "d")) {
          p.send(record("java-compacted", 1000, key, "value"));
        }
        p.flush();
        // Each begins a segment; the cleaner takes those before the last, every 15 seconds.
        for (long timestamp : List.of(2000L, 3000L)) {
          Thread.sleep(500);
          p.send(record("java-compacted", timestamp, "d", "newer"));
          p.flush();
        }
      }
      Thread.sleep(35000);
    }
  }
}
